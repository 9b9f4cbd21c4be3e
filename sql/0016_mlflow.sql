-- 0016_mlflow: what MLflow's clients tell of models and their versions: aliases, longer labels, where a
-- version's files are, prompts; who held an alias or a stage when; and their lists' order, by the bytes of
-- the name.

-- is_prompt: a prompt is a model that lists of models leave out: its hidden is 2 more.  name_exact: the name as
-- lists sort and look for it byte by byte.  mlflow_created_at: as its client was told, which an import sets;
-- mlflow_updated_at: moves with fewer changes than updated_at.  One step, as it copies the table.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'models' AND COLUMN_NAME = 'is_prompt') = 0,
  'ALTER TABLE models
    MODIFY description VARCHAR(5000) NULL,
    ADD COLUMN is_prompt TINYINT NOT NULL DEFAULT 0,
    ADD COLUMN name_exact VARCHAR(700) COLLATE utf8mb4_nopad_bin NOT NULL DEFAULT (LEFT(name, 700)),
    ADD COLUMN mlflow_created_at DATETIME(3) NOT NULL DEFAULT (created_at),
    ADD COLUMN mlflow_updated_at DATETIME(3) NOT NULL DEFAULT (updated_at),
    MODIFY hidden TINYINT NOT NULL DEFAULT ((status IN (''archived'', ''retired'')) + 2 * is_prompt),
    ADD KEY model_by_exact (organization_id, is_global, hidden, name_exact, id),
    ADD KEY model_by_said (organization_id, is_global, hidden, mlflow_updated_at, name_exact, id),
    ADD KEY model_by_said_down (organization_id, is_global, hidden, mlflow_updated_at, name_exact DESC, id DESC),
    DROP CONSTRAINT model_kept,
    ADD CONSTRAINT model_kept CHECK (hidden = (status IN (''archived'', ''retired'')) + 2 * is_prompt AND name_hash <=> IF(status = ''retired'', NULL, UNHEX(SHA2(name, 256))) AND name_key COLLATE utf8mb4_bin = LEFT(name, 700)),
    ALGORITHM=COPY, LOCK=SHARED',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- source_uri: as it was told, or the version that it is a copy of; download_uri: where its files are.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'model_versions' AND COLUMN_NAME = 'source_uri') = 0,
  'ALTER TABLE model_versions
    MODIFY description VARCHAR(5000) NULL,
    ADD COLUMN source_uri TEXT NULL,
    ADD COLUMN download_uri TEXT NULL,
    ADD COLUMN run_link TEXT NULL,
    ADD COLUMN source_run VARCHAR(256) COLLATE utf8mb4_nopad_bin NULL,
    ADD COLUMN logged_model VARCHAR(256) NULL,
    ADD COLUMN mlflow_created_at DATETIME(3) NOT NULL DEFAULT (created_at),
    ADD COLUMN mlflow_updated_at DATETIME(3) NOT NULL DEFAULT (updated_at),
    ADD KEY version_by_run (organization_id, source_run, id),
    ADD KEY version_by_said (organization_id, mlflow_updated_at, id),
    ADD KEY version_said (organization_id, model_id, mlflow_updated_at, id),
    ADD KEY version_latest (organization_id, model_id, status, stage, number),
    ALGORITHM=COPY, LOCK=SHARED',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- Numbers up to last_version that no version ever had: one that was brought along from elsewhere keeps its own.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'models' AND COLUMN_NAME = 'versions_skipped') = 0,
  'ALTER TABLE models ADD COLUMN versions_skipped INT NOT NULL DEFAULT 0',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- A space at the end of a key or a value is part of it.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'tags' AND COLUMN_NAME = 'value' AND DATA_TYPE = 'longtext') = 0,
  'ALTER TABLE tags MODIFY name VARCHAR(250) COLLATE utf8mb4_nopad_bin NOT NULL, MODIFY value LONGTEXT COLLATE utf8mb4_nopad_bin NOT NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

CREATE TABLE IF NOT EXISTS model_aliases (
  organization_id BINARY(12) NOT NULL,
  model_id BINARY(12) NOT NULL,
  name VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
  number INT NOT NULL,
  PRIMARY KEY (organization_id, model_id, name),
  KEY alias_of_version (organization_id, model_id, number, name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Which version held an alias, or was in a stage, from when until when, and who did it.  until_at NULL: it does.
CREATE TABLE IF NOT EXISTS model_holds (
  organization_id BINARY(12) NOT NULL,
  model_id BINARY(12) NOT NULL,
  kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
  id BINARY(12) NOT NULL,
  number INT NOT NULL,
  from_at DATETIME(6) NOT NULL,
  from_by BINARY(12) NULL,
  until_at DATETIME(6) NULL,
  until_by BINARY(12) NULL,
  PRIMARY KEY (organization_id, id),
  KEY hold_by_name (organization_id, model_id, kind, name, id),
  KEY hold_by_end (organization_id, model_id, kind, name, until_at, id),
  KEY hold_by_model (organization_id, model_id, id),
  KEY hold_open (organization_id, model_id, until_at, kind, name, id),
  KEY hold_of_version (organization_id, model_id, number, until_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The stages in which versions are already: since the last audit row that says so.
INSERT IGNORE INTO model_holds (organization_id, model_id, kind, name, id, number, from_at, from_by)
SELECT v.organization_id, v.model_id, 'stage', v.stage, a.id, v.number, a.at, a.actor_id
  FROM model_versions v JOIN models m ON m.organization_id = v.organization_id AND m.id = v.model_id
  JOIN audit_events a ON a.organization_id = v.organization_id AND a.resource_type = 'model_version' AND a.resource_id = v.id
    AND a.revision = (SELECT MAX(b.revision) FROM audit_events b WHERE b.organization_id = v.organization_id AND b.resource_type = 'model_version'
      AND b.resource_id = v.id AND b.action = 'model_version.staged' AND JSON_VALUE(b.details, '$.stage') <> JSON_VALUE(b.details, '$.previous'))
  WHERE v.status = 'ready' AND v.stage <> 'Registered' AND m.status <> 'retired'
    AND NOT EXISTS (SELECT 1 FROM model_holds h WHERE h.organization_id = v.organization_id AND h.model_id = v.model_id AND h.number = v.number
      AND h.until_at IS NULL AND h.kind = 'stage' AND h.name = CONVERT(v.stage USING utf8mb4));

-- Webhooks that are told of models by their names.  format: 0, an event as it is; 1, by name.  What they are called need
-- not be unique.  Their secret is whatever their receiver's owner chose, or sealed from nothing.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'webhook_endpoints' AND COLUMN_NAME = 'format') = 0,
  'ALTER TABLE webhook_endpoints
    MODIFY description VARCHAR(1000) NULL,
    MODIFY secret VARBINARY(4096) NOT NULL,
    ADD COLUMN format TINYINT NOT NULL DEFAULT 0,
    ADD COLUMN name VARCHAR(63) NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
