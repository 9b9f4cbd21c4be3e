-- 0017_lists: indexes for lists of very many models: a search among those of one status or task type looks at
-- these alone, and how many packages there are is the sum of what models say of themselves, less those
-- that are archived.  They are built while writers go on.  delivery_list served a release of long ago.

SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'models' AND INDEX_NAME = 'model_numbered') = 0,
  'ALTER TABLE models
    DROP KEY model_by_status, ADD KEY model_by_status (organization_id, is_global, hidden, status, id, task_type, name_key),
    DROP KEY model_by_task, ADD KEY model_by_task (organization_id, is_global, hidden, task_type, id, name_key),
    ADD KEY model_numbered (organization_id, is_global, hidden, last_version, versions_skipped)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'model_versions' AND INDEX_NAME = 'version_by_status') = 0,
  'ALTER TABLE model_versions ADD KEY version_by_status (organization_id, status, model_id)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'deliveries' AND INDEX_NAME = 'delivery_list') > 0,
  'ALTER TABLE deliveries DROP KEY delivery_list',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
