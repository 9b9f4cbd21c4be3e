-- 0009_plain: what lists filter and sort by (hidden, name_key) and what is unique among the
-- living (name_hash, live_url) are columns as any other.  They were generated ones, and a
-- prepared statement that uses such a column of an index reads whole rows from its second
-- execution on.  An INSERT leaves them to their defaults; an UPDATE of status, name or url
-- writes them behind it (MODEL_KEPT and its like in sql.def), and a CHECK refuses one that does not.
--
-- Each step copies its table, which no server does otherwise: reads go on meanwhile, writers
-- wait.  The indexes that change are part of it, so that the rows are copied once.

SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'models' AND COLUMN_NAME = 'hidden' AND GENERATION_EXPRESSION <> '') > 0,
  'ALTER TABLE models
    MODIFY hidden TINYINT NOT NULL DEFAULT (status IN (''archived'', ''retired'')),
    MODIFY name_hash BINARY(32) NULL DEFAULT (IF(status = ''retired'', NULL, UNHEX(SHA2(name, 256)))),
    MODIFY name_key VARCHAR(700) COLLATE utf8mb4_unicode_520_ci NOT NULL DEFAULT (LEFT(name, 700)),
    DROP KEY model_list, ADD KEY model_list (organization_id, is_global, hidden, id, status, task_type, name_key),
    ADD CONSTRAINT model_kept CHECK (hidden = (status IN (''archived'', ''retired'')) AND name_hash <=> IF(status = ''retired'', NULL, UNHEX(SHA2(name, 256))) AND name_key COLLATE utf8mb4_bin = LEFT(name, 700)),
    ALGORITHM=COPY, LOCK=SHARED',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'projects' AND COLUMN_NAME = 'hidden' AND GENERATION_EXPRESSION <> '') > 0,
  'ALTER TABLE projects
    MODIFY hidden TINYINT NOT NULL DEFAULT (CASE status WHEN ''ARCHIVED'' THEN 1 WHEN ''DELETED'' THEN 2 ELSE 0 END),
    MODIFY name_hash BINARY(32) NULL DEFAULT (IF(status = ''DELETED'', NULL, UNHEX(SHA2(name, 256)))),
    MODIFY live_url VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT (IF(status = ''DELETED'', NULL, url)),
    MODIFY name_key VARCHAR(100) COLLATE utf8mb4_unicode_520_ci NOT NULL DEFAULT (name),
    DROP KEY project_recent, ADD KEY project_recent (organization_id, hidden, updated_at, number, status, name_key),
    ADD CONSTRAINT project_kept CHECK (hidden = (CASE status WHEN ''ARCHIVED'' THEN 1 WHEN ''DELETED'' THEN 2 ELSE 0 END) AND name_hash <=> IF(status = ''DELETED'', NULL, UNHEX(SHA2(name, 256))) AND live_url <=> IF(status = ''DELETED'', NULL, url) AND name_key COLLATE utf8mb4_bin = name),
    ALGORITHM=COPY, LOCK=SHARED',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'workspaces' AND COLUMN_NAME = 'hidden' AND GENERATION_EXPRESSION <> '') > 0,
  'ALTER TABLE workspaces
    MODIFY hidden TINYINT NOT NULL DEFAULT (status = ''archived''),
    MODIFY name_key VARCHAR(255) COLLATE utf8mb4_unicode_520_ci NOT NULL DEFAULT (name),
    ADD CONSTRAINT workspace_kept CHECK (hidden = (status = ''archived'') AND name_key COLLATE utf8mb4_bin = name),
    ALGORITHM=COPY, LOCK=SHARED',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'entities' AND COLUMN_NAME = 'name_key' AND GENERATION_EXPRESSION <> '') > 0,
  'ALTER TABLE entities
    MODIFY name_key VARCHAR(255) COLLATE utf8mb4_unicode_520_ci NOT NULL DEFAULT (name),
    ADD CONSTRAINT entity_kept CHECK (name_key COLLATE utf8mb4_bin = name),
    ALGORITHM=COPY, LOCK=SHARED',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'folders' AND COLUMN_NAME = 'hidden' AND GENERATION_EXPRESSION <> '') > 0,
  'ALTER TABLE folders
    MODIFY hidden TINYINT NOT NULL DEFAULT (status <> ''active''),
    MODIFY name_hash BINARY(32) NULL DEFAULT (IF(status = ''deleted'', NULL, UNHEX(SHA2(name, 256)))),
    ADD CONSTRAINT folder_kept CHECK (hidden = (status <> ''active'') AND name_hash <=> IF(status = ''deleted'', NULL, UNHEX(SHA2(name, 256)))),
    ALGORITHM=COPY, LOCK=SHARED',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'webhook_endpoints' AND COLUMN_NAME = 'hidden' AND GENERATION_EXPRESSION <> '') > 0,
  'ALTER TABLE webhook_endpoints
    MODIFY hidden TINYINT NOT NULL DEFAULT (status = ''deleted''),
    ADD CONSTRAINT endpoint_kept CHECK (hidden = (status = ''deleted'')),
    ALGORITHM=COPY, LOCK=SHARED',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
