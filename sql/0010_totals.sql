-- 0010_totals: how many models and projects there are, by what their lists filter by, so that
-- a list need not count them.  A change writes nothing here: whoever numbers events folds
-- them in (dom_event.c), and a total is what was folded plus what the events since then say.

-- task_type '': none.  is_global: of projects 1.
CREATE TABLE IF NOT EXISTS object_counts (
  organization_id BINARY(12) NOT NULL,
  resource_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_global TINYINT NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  task_type VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (organization_id, resource_type, is_global, status, task_type)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- counted: the number up to which events are folded in.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'event_counters' AND COLUMN_NAME = 'counted') = 0,
  'ALTER TABLE event_counters ADD COLUMN counted BIGINT NOT NULL DEFAULT 0',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- What there is, less what events say that are not folded in.  One statement reads all of it,
-- so that changes may go on meanwhile; nobody numbers, who would need the counters' rows, which
-- are locked before anything is looked at, as another one that does the same may be under way.
START TRANSACTION;
UPDATE event_counters SET counted = counted;
UPDATE event_counters SET counted = last, rev = rev + 1 WHERE NOT EXISTS (SELECT 1 FROM object_counts);
INSERT INTO object_counts (organization_id, resource_type, is_global, status, task_type, n)
  SELECT t.organization_id, t.resource_type, t.is_global, t.status, t.task_type, SUM(t.n) FROM (
    SELECT m.organization_id, _ascii'model' AS resource_type, m.is_global, m.status, COALESCE(m.task_type, '') AS task_type, COUNT(*) AS n
      FROM models m GROUP BY m.organization_id, m.is_global, m.status, m.task_type
    UNION ALL SELECT j.organization_id, _ascii'project', 1, j.status, '', COUNT(*) FROM projects j GROUP BY j.organization_id, j.status
    UNION ALL SELECT x.organization_id, x.resource_type, COALESCE(m.is_global, 1), IF(w.way > 0, a.to_state, a.from_state), COALESCE(m.task_type, ''), -w.way
      FROM (SELECT organization_id, resource_type, resource_id, revision FROM outbox WHERE sequence IS NULL AND resource_type IN ('model', 'project')
        UNION ALL SELECT e.organization_id, e.resource_type, e.resource_id, e.revision FROM event_counters k JOIN outbox e
        ON e.organization_id = k.organization_id AND e.sequence > k.counted WHERE e.resource_type IN ('model', 'project')) x
      JOIN audit_events a ON a.organization_id = x.organization_id AND a.resource_type = x.resource_type AND a.resource_id = x.resource_id AND a.revision = x.revision
      LEFT JOIN models m ON x.resource_type = 'model' AND m.organization_id = x.organization_id AND m.id = x.resource_id
      JOIN (SELECT 1 AS way UNION ALL SELECT -1) w WHERE w.way > 0 OR a.from_state IS NOT NULL
  ) t WHERE NOT EXISTS (SELECT 1 FROM object_counts) GROUP BY t.organization_id, t.resource_type, t.is_global, t.status, t.task_type HAVING SUM(t.n) <> 0;
COMMIT;
