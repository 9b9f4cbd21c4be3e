-- 0018_operator: which trace an event is a part of, and what the services of all nodes say of themselves.

-- trace: the id and the flags of the request's traceparent, `-` between them.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'outbox' AND COLUMN_NAME = 'trace') = 0,
  'ALTER TABLE outbox ADD COLUMN trace CHAR(35) CHARACTER SET ascii COLLATE ascii_bin NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- A row for each place of each service on each node: `deliver`, `build`, `sweep`.  A process that comes into the
-- place of one that ended takes its row.  Times are the database's.  ended_at: in order; of one that was killed it
-- is NULL and seen_at stands still.  counts: what it did since began_at, a JSON object of numbers.
CREATE TABLE IF NOT EXISTS services (
  service VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  node VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  place INT NOT NULL,
  version VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  began_at DATETIME(6) NOT NULL,
  seen_at DATETIME(6) NOT NULL,
  ended_at DATETIME(6) NULL,
  counts VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (service, node, place),
  KEY service_seen (seen_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
