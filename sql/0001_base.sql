-- 0001_base: organizations and who acts in them, models with their versions,
-- training runs and grants, and the three tables of every change: audit, outbox,
-- attempts.  Re-runnable; InnoDB, a primary key everywhere, tenant keys lead with
-- organization_id, times are UTC, identities are 96 bits in time order.

CREATE TABLE IF NOT EXISTS schema_versions (
  version INT NOT NULL PRIMARY KEY,
  applied_at DATETIME(6) NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- An organization belongs to itself, so that it is changed and audited like the rest.
CREATE TABLE IF NOT EXISTS organizations (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  name VARCHAR(255) NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  revision BIGINT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY organization_name (name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- permissions: words separated by blanks; rate: requests a minute.
CREATE TABLE IF NOT EXISTS roles (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  permissions VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  rate INT NOT NULL,
  revision BIGINT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY role_name (organization_id, name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Names and addresses are unique over all organizations, since one signs in by them alone.
-- tokens_since: access tokens issued before are refused (password change, revocation).
CREATE TABLE IF NOT EXISTS principals (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  username VARCHAR(128) NOT NULL,
  email VARCHAR(254) NOT NULL,
  password VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  role VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tokens_since DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY principal_username (username),
  UNIQUE KEY principal_email (email)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS refresh_tokens (
  token_hash BINARY(32) NOT NULL PRIMARY KEY,
  organization_id BINARY(12) NOT NULL,
  principal_id BINARY(12) NOT NULL,
  family_id BINARY(12) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  KEY refresh_principal (organization_id, principal_id),
  KEY refresh_expiry (expires_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- hidden: out of the default lists, for an index of its own.  name_hash: unique among
-- the living.  name_key: what a search looks through, case-insensitively.
-- is_global 0: visible through grants alone.  children_rev moves with every change
-- of a version, a run or a grant, so that a cluster certifies them against this row.
CREATE TABLE IF NOT EXISTS models (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  name VARCHAR(1024) NOT NULL,
  description VARCHAR(2048) NULL,
  model_type VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  task_type VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  dataset_id VARCHAR(128) NULL,
  tags LONGTEXT NULL,
  config LONGTEXT NULL,
  metadata LONGTEXT NULL,
  is_global TINYINT NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  last_version INT NOT NULL,
  active_version INT NULL,
  created_by BINARY(12) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  archived_at DATETIME(6) NULL,
  unarchived_at DATETIME(6) NULL,
  revision BIGINT NOT NULL,
  children_rev BIGINT NOT NULL,
  hidden TINYINT GENERATED ALWAYS AS (status IN ('archived', 'retired')) STORED,
  name_hash BINARY(32) GENERATED ALWAYS AS (IF(status = 'retired', NULL, UNHEX(SHA2(name, 256)))) STORED,
  name_key VARCHAR(700) COLLATE utf8mb4_unicode_520_ci GENERATED ALWAYS AS (LEFT(name, 700)) STORED,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY model_name (organization_id, name_hash),
  KEY model_list (organization_id, is_global, hidden, id, name_key),
  KEY model_by_status (organization_id, is_global, hidden, status, id),
  KEY model_by_task (organization_id, is_global, hidden, task_type, id),
  KEY model_by_both (organization_id, is_global, hidden, status, task_type, id),
  CHECK (status IN ('draft', 'training', 'ready', 'archived', 'retired'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- role: 1 OBSERVER reads, 2 USER writes and shares, 3 OWNER also retires.
-- grantee_id: a principal, or the organization itself for everyone in it.
CREATE TABLE IF NOT EXISTS grants (
  organization_id BINARY(12) NOT NULL,
  model_id BINARY(12) NOT NULL,
  grantee_id BINARY(12) NOT NULL,
  role TINYINT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (organization_id, model_id, grantee_id),
  KEY grant_by_grantee (organization_id, grantee_id, model_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A run of a trainer elsewhere: this registry records it.
CREATE TABLE IF NOT EXISTS training_runs (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  model_id BINARY(12) NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  algorithm VARCHAR(255) NULL,
  hyperparameters LONGTEXT NULL,
  metrics LONGTEXT NULL,
  features LONGTEXT NULL,
  target VARCHAR(1024) NULL,
  artifacts LONGTEXT NULL,
  logs LONGTEXT NULL,
  reason VARCHAR(2048) NULL,
  started_by BINARY(12) NOT NULL,
  started_at DATETIME(6) NOT NULL,
  ended_at DATETIME(6) NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id),
  KEY run_model (organization_id, model_id, id),
  CHECK (status IN ('running', 'completed', 'failed'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS model_versions (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  model_id BINARY(12) NOT NULL,
  number INT NOT NULL,
  run_id BINARY(12) NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  algorithm VARCHAR(255) NULL,
  hyperparameters LONGTEXT NULL,
  metrics LONGTEXT NULL,
  artifacts LONGTEXT NULL,
  trained_by BINARY(12) NULL,
  trained_at DATETIME(6) NULL,
  training_seconds BIGINT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY version_number (organization_id, model_id, number),
  CHECK (status IN ('ready'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row per state change, never changed or deleted: the application's account may
-- only SELECT and INSERT here.  actor_id NULL: the administrator's command.
CREATE TABLE IF NOT EXISTS audit_events (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  at DATETIME(6) NOT NULL,
  actor_id BINARY(12) NULL,
  actor_name VARCHAR(128) NOT NULL,
  human_id BINARY(12) NULL,
  action VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_id BINARY(12) NOT NULL,
  revision BIGINT NOT NULL,
  from_state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  to_state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  client_address VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_agent VARCHAR(512) NOT NULL,
  idempotency_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  details LONGTEXT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY audit_object (organization_id, resource_type, resource_id, revision),
  KEY audit_action (organization_id, resource_type, resource_id, action, revision),
  KEY audit_actor (organization_id, resource_type, resource_id, actor_id, revision),
  KEY audit_recent (organization_id, at, resource_type, action)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What subscribers are to be told.  sequence is given to committed rows afterwards.
CREATE TABLE IF NOT EXISTS outbox (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  at DATETIME(6) NOT NULL,
  type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_id BINARY(12) NOT NULL,
  revision BIGINT NOT NULL,
  request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  payload LONGTEXT NOT NULL,
  sequence BIGINT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY outbox_object (organization_id, resource_type, resource_id, revision),
  UNIQUE KEY outbox_sequence (sequence)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row per try that writes, in the same commit as its effect, or a fence under
-- the same id, which keeps a try whose COMMIT gave no answer from ever landing.
-- With an idempotency key it also keeps the answer, for the repetition.
CREATE TABLE IF NOT EXISTS attempts (
  attempt_id BINARY(16) NOT NULL PRIMARY KEY,
  outcome VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  organization_id BINARY(12) NULL,
  principal_id BINARY(12) NULL,
  request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  resource_id BINARY(12) NULL,
  revision BIGINT NULL,
  created_at DATETIME(6) NOT NULL,
  idempotency_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  fingerprint BINARY(32) NULL,
  status INT NULL,
  headers LONGTEXT NULL,
  body LONGTEXT NULL,
  UNIQUE KEY attempt_key (organization_id, principal_id, idempotency_key),
  KEY attempt_age (created_at),
  CHECK (outcome IN ('done', 'fence'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
