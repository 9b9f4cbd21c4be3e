-- 0020_ledger: the audit of an organization by who did it, by what was done and by kind of object,
-- the newest first, in as few rows as a page has.  It rewrites no rows.

SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'audit_events' AND INDEX_NAME = 'audit_by_actor') = 0,
  'ALTER TABLE audit_events ADD KEY audit_by_actor (organization_id, actor_id, id), ADD KEY audit_by_action (organization_id, action, id), ADD KEY audit_by_kind (organization_id, resource_type, id)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
