-- 0004_filesystem: where models lie (spaces, projects, folders), versions that were
-- uploaded or promoted, on branches, with their Model API, and their files.  The space
-- is the organization itself and has no row.

-- kind: project, which lies in the space (parent_id is zeros) and is its own project_id,
-- or folder.  The project whose id is the organization's is its home: models lie there
-- that were made without a folder.  path: the names from the project down, each after a
-- slash; written once, since nothing here is renamed or moved.  name_hash: unique among
-- its siblings until it is deleted.  children_rev moves with every child that is made,
-- so that a cluster certifies it against this row.
CREATE TABLE IF NOT EXISTS folders (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  parent_id BINARY(12) NOT NULL,
  project_id BINARY(12) NOT NULL,
  name VARCHAR(700) NOT NULL,
  description VARCHAR(2048) NULL,
  path TEXT NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_by BINARY(12) NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  children_rev BIGINT NOT NULL,
  hidden TINYINT GENERATED ALWAYS AS (status <> 'active') STORED,
  name_hash BINARY(32) GENERATED ALWAYS AS (IF(status = 'deleted', NULL, UNHEX(SHA2(name, 256)))) STORED,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY folder_name (organization_id, parent_id, name_hash),
  KEY folder_list (organization_id, parent_id, hidden, id),
  KEY folder_living (organization_id, parent_id, status),
  CHECK (kind IN ('project', 'folder')),
  CHECK (status IN ('active', 'archived', 'deleted'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The files of versions, each once in an organization, under its checksum.
CREATE TABLE IF NOT EXISTS artifacts (
  organization_id BINARY(12) NOT NULL,
  sha256 BINARY(32) NOT NULL,
  size BIGINT NOT NULL,
  content LONGBLOB NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (organization_id, sha256)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- folder_id zeros: the home project.  Columns first, which rewrites nothing, then the keys,
-- which are built while writers go on; both at once would copy the table.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'models' AND COLUMN_NAME = 'folder_id') = 0,
  'ALTER TABLE models ADD COLUMN folder_id BINARY(12) NOT NULL DEFAULT X''000000000000000000000000''',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'models' AND INDEX_NAME = 'model_by_folder') = 0,
  'ALTER TABLE models ADD KEY model_by_folder (organization_id, folder_id, is_global, hidden, id), ADD KEY model_living (organization_id, folder_id, status)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- source: NULL for a training run's.  from_: what it was promoted from.  artifact: the
-- checksum of its file.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'model_versions' AND COLUMN_NAME = 'branch') = 0,
  'ALTER TABLE model_versions ADD COLUMN branch VARCHAR(255) NOT NULL DEFAULT ''master'', ADD COLUMN source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN model_api LONGTEXT NULL, ADD COLUMN conda_requirements LONGTEXT NULL, ADD COLUMN backing_repositories LONGTEXT NULL, ADD COLUMN artifact BINARY(32) NULL, ADD COLUMN from_model_id BINARY(12) NULL, ADD COLUMN from_version_id BINARY(12) NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'model_versions' AND INDEX_NAME = 'version_branch') = 0,
  'ALTER TABLE model_versions ADD KEY version_branch (organization_id, model_id, branch, number), ADD KEY version_copies (organization_id, from_version_id, id)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- The home of each organization that there is, with its audit row and its event; what is
-- there already stays.
START TRANSACTION;
INSERT IGNORE INTO folders (organization_id, id, kind, parent_id, project_id, name, path, status, created_at, updated_at, revision, children_rev)
  SELECT o.id, o.id, 'project', UNHEX('000000000000000000000000'), o.id, 'Models', '/Models', 'active', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), 1, 0
  FROM organizations o;
INSERT IGNORE INTO audit_events (organization_id, id, at, actor_name, action, resource_type, resource_id, revision, to_state, request_id, client_address, user_agent)
  SELECT f.organization_id, UNHEX(CONCAT(LPAD(HEX(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000), 12, '0'), LEFT(SHA2(f.id, 256), 12))), f.created_at,
  'thaw', 'folder.created', 'folder', f.id, 1, 'active', '', '', ''
  FROM folders f WHERE f.id = f.organization_id AND NOT EXISTS (SELECT 1 FROM audit_events a WHERE a.organization_id = f.organization_id
  AND a.resource_type = 'folder' AND a.resource_id = f.id AND a.revision = 1);
INSERT IGNORE INTO outbox (organization_id, id, at, type, resource_type, resource_id, revision, request_id, payload)
  SELECT f.organization_id, UNHEX(CONCAT(LPAD(HEX(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000), 12, '0'), LEFT(SHA2(f.id, 256), 12))), f.created_at,
  'folder.created', 'folder', f.id, 1, '', CONCAT('{"object":{"id":"ri.compass.main.folder.', LOWER(CONCAT_WS('-', SUBSTR(HEX(f.id), 1, 8), SUBSTR(HEX(f.id), 9, 4),
  CONCAT('8', SUBSTR(HEX(f.id), 13, 3)), '8000', CONCAT('000', SUBSTR(HEX(f.id), 16, 9)))), '","object":"folder","status":"active"}}')
  FROM folders f WHERE f.id = f.organization_id AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.organization_id = f.organization_id
  AND e.resource_type = 'folder' AND e.resource_id = f.id AND e.revision = 1);
COMMIT;
