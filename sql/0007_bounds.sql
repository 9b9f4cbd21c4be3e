-- 0007_bounds: what an organization may have at most, and what is deleted when it has
-- served its time.  Rows that are larger or more than a limit stay, and stay readable.

-- swept_until: events of before are deleted (event_retention), so that their audit rows
-- are not missed by `thaw audit verify`.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'event_counters' AND COLUMN_NAME = 'swept_until') = 0,
  'ALTER TABLE event_counters ADD COLUMN swept_until DATETIME(6) NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- Whose file is it, and how much do all of them take?
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'model_versions' AND INDEX_NAME = 'version_artifact') = 0,
  'ALTER TABLE model_versions ADD KEY version_artifact (organization_id, artifact)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'artifacts' AND INDEX_NAME = 'artifact_size') = 0,
  'ALTER TABLE artifacts ADD KEY artifact_size (organization_id, size)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- The keys that are in force.
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'api_keys' AND INDEX_NAME = 'api_key_active') = 0,
  'ALTER TABLE api_keys ADD KEY api_key_active (organization_id, status, expires_at)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
