-- 0002_projects: projects.  The number is what the wire calls id: positive, counted
-- per organization, never used again.  A deleted project's row stays, for its audit.

-- previous_status: before it was archived; built_from: before its build began.
-- hidden: 0 listed, 1 archived, 2 deleted.  url is unique over all organizations.
CREATE TABLE IF NOT EXISTS projects (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  number BIGINT NOT NULL,
  name VARCHAR(100) NOT NULL,
  description VARCHAR(500) NULL,
  url VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NULL,
  accent VARCHAR(64) NULL,
  tech_stack VARCHAR(255) NULL,
  progress INT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  previous_status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  built_from VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_by BINARY(12) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  hidden TINYINT GENERATED ALWAYS AS (CASE status WHEN 'ARCHIVED' THEN 1 WHEN 'DELETED' THEN 2 ELSE 0 END) STORED,
  name_hash BINARY(32) GENERATED ALWAYS AS (IF(status = 'DELETED', NULL, UNHEX(SHA2(name, 256)))) STORED,
  live_url VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin GENERATED ALWAYS AS (IF(status = 'DELETED', NULL, url)) STORED,
  name_key VARCHAR(100) COLLATE utf8mb4_unicode_520_ci GENERATED ALWAYS AS (name) STORED,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY project_number (organization_id, number),
  UNIQUE KEY project_name (organization_id, name_hash),
  UNIQUE KEY project_url (live_url),
  KEY project_recent (organization_id, hidden, updated_at, number, name_key),
  KEY project_by_name (organization_id, hidden, name_key, number),
  KEY project_by_status (organization_id, hidden, status, updated_at DESC, number DESC),
  KEY project_by_status_name (organization_id, hidden, status, name_key, number),
  CHECK (status IN ('DRAFT', 'BUILDING', 'LIVE', 'UPDATED', 'PAUSED', 'ARCHIVED', 'DELETED'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A refresh token that was exchanged.  Its successor is derived from the token itself
-- and this salt, so that a client that lost the answer gets the same one for a short
-- while, and neither the token alone nor the database alone yields it.
CREATE TABLE IF NOT EXISTS refresh_rotations (
  token_hash BINARY(32) NOT NULL PRIMARY KEY,
  organization_id BINARY(12) NOT NULL,
  salt BINARY(32) NOT NULL,
  rotated_at DATETIME(6) NOT NULL,
  KEY rotation_age (rotated_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
