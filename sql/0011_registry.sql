-- 0011_registry: what the registry dialect tells of models and their versions, which it calls
-- registered models and model packages; labels of both; and in the audit whether everybody saw
-- the object before and after, since a model may become local and global again.
--
-- Columns are added behind the others, which rewrites nothing; the keys are built while
-- writers go on.  The CHECK of the status is put in place without a look at the rows, which
-- all have the one state that there was.

-- target_: of all its versions; NULL: not told, see MODEL_TARGET_NAME in columns.h.  deployed: how many active
-- deployments have a version of it, written with each change of one under the model's lock.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'models' AND COLUMN_NAME = 'target_name') = 0,
  'ALTER TABLE models ADD COLUMN target_name VARCHAR(1024) NULL, ADD COLUMN target_type VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN deployed INT NOT NULL DEFAULT 0',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'models' AND INDEX_NAME = 'model_by_change') = 0,
  'ALTER TABLE models ADD KEY model_by_change (organization_id, is_global, hidden, updated_at, id), ADD KEY model_by_name (organization_id, is_global, hidden, name_key, id)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- name NULL: its model's.  source_id: what it was made from, which the wire calls modelId; source_name: the same
-- where another server knows it.  kinds: a set
-- of bits (enum kind in dom_package.h).  class_digest: of the set of class names.  threshold: a number as its
-- shortest text.  mlpkg: the checksum of the file that was built.  target to extra: JSON objects as they are told;
-- features and logs: arrays.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'model_versions' AND COLUMN_NAME = 'stage') = 0,
  'ALTER TABLE model_versions ADD COLUMN name VARCHAR(1024) NULL, ADD COLUMN description VARCHAR(2048) NULL, ADD COLUMN stage VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT ''Registered'', ADD COLUMN build_status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT ''complete'', ADD COLUMN execution VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN source_id BINARY(12) NULL, ADD COLUMN source_name VARCHAR(255) NULL, ADD COLUMN created_by BINARY(12) NULL, ADD COLUMN target_name VARCHAR(1024) NULL, ADD COLUMN target_type VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN class_digest BINARY(16) NULL, ADD COLUMN threshold VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN kinds INT NULL, ADD COLUMN model_name VARCHAR(512) NULL, ADD COLUMN file_name VARCHAR(255) NULL, ADD COLUMN use_case_id BINARY(12) NULL, ADD COLUMN mlpkg BINARY(32) NULL, ADD COLUMN intervals TINYINT NULL, ADD COLUMN target LONGTEXT NULL, ADD COLUMN datasets LONGTEXT NULL, ADD COLUMN timeseries LONGTEXT NULL, ADD COLUMN model_description LONGTEXT NULL, ADD COLUMN source_meta LONGTEXT NULL, ADD COLUMN import_meta LONGTEXT NULL, ADD COLUMN extra LONGTEXT NULL, ADD COLUMN features LONGTEXT NULL, ADD COLUMN logs LONGTEXT NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'model_versions' AND INDEX_NAME = 'version_by_change') = 0,
  'ALTER TABLE model_versions ADD KEY version_by_change (organization_id, model_id, updated_at, number), ADD KEY version_by_type (organization_id, model_id, model_name, number), ADD KEY version_by_build (organization_id, model_id, build_status, number), ADD KEY version_by_stage (organization_id, model_id, stage, number), ADD KEY version_by_source (organization_id, source_id, id), ADD KEY version_by_source_name (organization_id, source_name, id)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- Of a model or a version.
CREATE TABLE IF NOT EXISTS tags (
  organization_id BINARY(12) NOT NULL,
  object_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  name VARCHAR(250) NOT NULL,
  value VARCHAR(5000) NOT NULL,
  PRIMARY KEY (organization_id, object_id, name),
  KEY tag_by_name (organization_id, name, value(100), object_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- was_global, is_global: of a model, before and after; NULL of other objects, and of rows of before.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'audit_events' AND COLUMN_NAME = 'was_global') = 0,
  'ALTER TABLE audit_events ADD COLUMN was_global TINYINT NULL, ADD COLUMN is_global TINYINT NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

/*M! SET check_constraint_checks = 0 */;
SET @old = (SELECT MAX(CONSTRAINT_NAME) FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'model_versions' AND CONSTRAINT_TYPE = 'CHECK' AND CONSTRAINT_NAME <> 'version_status');
SET @step = IF(@old IS NULL, 'DO 0',
  CONCAT('ALTER TABLE model_versions DROP CONSTRAINT `', @old, '`, ADD CONSTRAINT version_status CHECK (status IN (''ready'', ''archived''))'));
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
/*M! SET check_constraint_checks = 1 */;
