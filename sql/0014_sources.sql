-- 0014_sources: what packages are made from, and what surrounds them: training runs that were imported
-- without a model, in projects; custom models with their versions and files; use cases.

-- The registry's projects group training runs; they have nothing to do with the table projects.
CREATE TABLE IF NOT EXISTS run_projects (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  name VARCHAR(1024) NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_by BINARY(12) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  name_hash BINARY(32) NOT NULL DEFAULT (UNHEX(SHA2(name, 256))),
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY run_project_name (organization_id, name_hash),
  CONSTRAINT run_project_kept CHECK (name_hash = UNHEX(SHA2(name, 256))),
  CHECK (status IN ('active'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Of an imported run alone.  name to import_meta: as a version has them that is made of it; target has its name, features
-- and logs its texts, all_features and model_logs the whole objects.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'training_runs' AND COLUMN_NAME = 'project_id') = 0,
  'ALTER TABLE training_runs ADD COLUMN project_id BINARY(12) NULL, ADD COLUMN name VARCHAR(1024) NULL, ADD COLUMN target_type VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN class_digest BINARY(16) NULL, ADD COLUMN threshold VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN kinds INT NULL, ADD COLUMN file_name VARCHAR(255) NULL, ADD COLUMN whole_target LONGTEXT NULL, ADD COLUMN datasets LONGTEXT NULL, ADD COLUMN timeseries LONGTEXT NULL, ADD COLUMN scoring_code LONGTEXT NULL, ADD COLUMN import_meta LONGTEXT NULL, ADD COLUMN all_features LONGTEXT NULL, ADD COLUMN model_logs LONGTEXT NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'training_runs' AND INDEX_NAME = 'run_project') = 0,
  'ALTER TABLE training_runs ADD KEY run_project (organization_id, project_id, id)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

CREATE TABLE IF NOT EXISTS use_cases (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  name VARCHAR(255) NOT NULL,
  description VARCHAR(2048) NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_by BINARY(12) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  hidden TINYINT NOT NULL DEFAULT (status = 'deleted'),
  name_key VARCHAR(255) COLLATE utf8mb4_unicode_520_ci NOT NULL DEFAULT (name),
  PRIMARY KEY (organization_id, id),
  KEY use_case_list (organization_id, hidden, id, name_key),
  CONSTRAINT use_case_kept CHECK (hidden = (status = 'deleted') AND name_key COLLATE utf8mb4_bin = name),
  CHECK (status IN ('active', 'deleted'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'model_versions' AND INDEX_NAME = 'version_by_use_case') = 0,
  'ALTER TABLE model_versions ADD KEY version_by_use_case (organization_id, use_case_id)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- threshold: a number as its shortest text.  class_labels: a JSON array; settings: an object of what else was sent.
-- latest_id: the last version, whose numbers are major and minor.
CREATE TABLE IF NOT EXISTS custom_models (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  name VARCHAR(255) NOT NULL,
  description VARCHAR(10000) NULL,
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target_type VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target_name VARCHAR(1024) NULL,
  positive_label VARCHAR(500) NULL,
  negative_label VARCHAR(500) NULL,
  threshold VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  class_labels LONGTEXT NULL,
  language VARCHAR(500) NULL,
  user_provided_id VARCHAR(100) NULL,
  settings LONGTEXT NULL,
  latest_id BINARY(12) NULL,
  major INT NOT NULL,
  minor INT NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_by BINARY(12) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  children_rev BIGINT NOT NULL,
  hidden TINYINT NOT NULL DEFAULT (status = 'deleted'),
  name_key VARCHAR(255) COLLATE utf8mb4_unicode_520_ci NOT NULL DEFAULT (name),
  PRIMARY KEY (organization_id, id),
  KEY custom_model_list (organization_id, hidden, id, kind, name_key),
  KEY custom_model_by_change (organization_id, hidden, updated_at, id, kind, name_key),
  CONSTRAINT custom_model_kept CHECK (hidden = (status = 'deleted') AND name_key COLLATE utf8mb4_bin = name),
  CHECK (status IN ('active', 'deleted'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS custom_versions (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  custom_model_id BINARY(12) NOT NULL,
  major INT NOT NULL,
  minor INT NOT NULL,
  label VARCHAR(50) NULL,
  description VARCHAR(10000) NULL,
  base_environment_id VARCHAR(64) NULL,
  base_environment_version_id VARCHAR(64) NULL,
  settings LONGTEXT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_by BINARY(12) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY custom_version_number (organization_id, custom_model_id, major, minor),
  CHECK (status IN ('ready'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The files of a version, in artifacts under their checksums; those that it has of the version before keep their ids.
CREATE TABLE IF NOT EXISTS custom_files (
  organization_id BINARY(12) NOT NULL,
  version_id BINARY(12) NOT NULL,
  path VARCHAR(700) NOT NULL,
  id BINARY(12) NOT NULL,
  sha256 BINARY(32) NOT NULL,
  size BIGINT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (organization_id, version_id, path),
  KEY custom_file_artifact (organization_id, sha256, version_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
