-- 0003_workspaces: workspaces and the entities they own, API keys, authorizations
-- that wait for a human, webhook endpoints with their deliveries.  livemode tells the
-- two disjoint sets of data of API keys apart; what the other dialects make is live.

-- children_rev moves with every change of an entity, so that a cluster certifies it
-- against this row.  metadata: a JSON object of strings.
CREATE TABLE IF NOT EXISTS workspaces (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  livemode TINYINT NOT NULL,
  name VARCHAR(255) NOT NULL,
  metadata LONGTEXT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_by BINARY(12) NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  archived_at DATETIME(6) NULL,
  revision BIGINT NOT NULL,
  children_rev BIGINT NOT NULL,
  hidden TINYINT GENERATED ALWAYS AS (status = 'archived') STORED,
  name_key VARCHAR(255) COLLATE utf8mb4_unicode_520_ci GENERATED ALWAYS AS (name) STORED,
  PRIMARY KEY (organization_id, id),
  KEY workspace_list (organization_id, livemode, hidden, id),
  KEY workspace_by_status (organization_id, livemode, status, id),
  KEY workspace_by_name (organization_id, livemode, hidden, name_key, id),
  KEY workspace_by_change (organization_id, livemode, hidden, updated_at, id),
  CHECK (status IN ('provisioning', 'ready', 'active', 'archived'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- portfolio_id and jurisdiction are kept as given: they name things that live elsewhere.
CREATE TABLE IF NOT EXISTS entities (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  livemode TINYINT NOT NULL,
  workspace_id BINARY(12) NOT NULL,
  name VARCHAR(255) NOT NULL,
  jurisdiction VARCHAR(64) NOT NULL,
  type VARCHAR(64) NOT NULL,
  portfolio_id VARCHAR(64) NULL,
  metadata LONGTEXT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_by BINARY(12) NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  name_key VARCHAR(255) COLLATE utf8mb4_unicode_520_ci GENERATED ALWAYS AS (name) STORED,
  PRIMARY KEY (organization_id, id),
  KEY entity_list (organization_id, livemode, id),
  KEY entity_by_workspace (organization_id, workspace_id, livemode, id, status),
  KEY entity_open (organization_id, workspace_id, status),
  KEY entity_by_status (organization_id, livemode, status, id),
  KEY entity_by_jurisdiction (organization_id, livemode, jurisdiction, id),
  KEY entity_by_portfolio (organization_id, livemode, portfolio_id, id),
  KEY entity_by_name (organization_id, livemode, name_key, id),
  KEY entity_by_change (organization_id, livemode, updated_at, id),
  CHECK (status IN ('draft', 'submitted', 'registered', 'dissolved', 'cancelled', 'rejected'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What a list is asked for by `metadata[key]=value`: the first 16 bytes of the SHA-256
-- of the resource's word, the key and the value, separated by NULs.
CREATE TABLE IF NOT EXISTS labels (
  organization_id BINARY(12) NOT NULL,
  digest BINARY(16) NOT NULL,
  livemode TINYINT NOT NULL,
  object_id BINARY(12) NOT NULL,
  PRIMARY KEY (organization_id, digest, livemode, object_id),
  KEY label_of_object (organization_id, object_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- sk_, pk_ and tok_ keys; the secret itself is nowhere.  principal_id: whose rights it
-- uses; agent: who holds it, when that is not the principal; human_grant: the agent may
-- pass the human gate.  tier, scopes, rate NULL: not narrowed.
CREATE TABLE IF NOT EXISTS api_keys (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  secret_hash BINARY(32) NOT NULL,
  hint VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  livemode TINYINT NOT NULL,
  name VARCHAR(128) NULL,
  principal_id BINARY(12) NOT NULL,
  agent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  human_grant TINYINT NOT NULL,
  tier TINYINT NULL,
  scopes VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin NULL,
  rate INT NULL,
  api_version CHAR(10) CHARACTER SET ascii COLLATE ascii_bin NULL,
  expires_at DATETIME(6) NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY api_key_secret (secret_hash),
  KEY api_key_list (organization_id, livemode, id),
  KEY api_key_by_principal (organization_id, livemode, principal_id, id),
  CHECK (kind IN ('secret', 'publishable', 'token')),
  CHECK (status IN ('active', 'revoked'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What an agent asked for and a human decides.  action: the audit action it stands for.
CREATE TABLE IF NOT EXISTS authorizations (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  livemode TINYINT NOT NULL,
  action VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_id BINARY(12) NOT NULL,
  human_id BINARY(12) NOT NULL,
  agent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  token_id BINARY(12) NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id),
  KEY authorization_list (organization_id, livemode, id),
  KEY authorization_by_status (organization_id, livemode, status, id),
  KEY authorization_open (organization_id, resource_id, status, token_id),
  CHECK (status IN ('pending', 'approved', 'denied'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- secret, old_secret: sealed under the installation's own key (seal.h), so that a copy
-- of the database alone cannot sign; the old one signs too until old_until.
-- due_at: when the earliest delivery is due, NULL for none; lease, leased_until: the
-- deliverer that has the endpoint in hand; failing_since: the first failure since the
-- last success; failed_at: the last one.
CREATE TABLE IF NOT EXISTS webhook_endpoints (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  livemode TINYINT NOT NULL,
  url VARCHAR(2048) NOT NULL,
  description VARCHAR(500) NULL,
  enabled_events LONGTEXT NOT NULL,
  api_version CHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  metadata LONGTEXT NULL,
  secret VARBINARY(255) NOT NULL,
  old_secret VARBINARY(255) NULL,
  old_until DATETIME(6) NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  due_at DATETIME(6) NULL,
  lease BINARY(16) NULL,
  leased_until DATETIME(6) NULL,
  failing_since DATETIME(6) NULL,
  failed_at DATETIME(6) NULL,
  hidden TINYINT GENERATED ALWAYS AS (status = 'deleted') STORED,
  PRIMARY KEY (organization_id, id),
  KEY endpoint_list (organization_id, livemode, hidden, id),
  KEY endpoint_due (due_at),
  CHECK (status IN ('enabled', 'disabled', 'deleted'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One event for one endpoint.  outcome NULL: still to be sent, not before next_at.
CREATE TABLE IF NOT EXISTS deliveries (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  endpoint_id BINARY(12) NOT NULL,
  event_id BINARY(12) NOT NULL,
  resource_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_id BINARY(12) NOT NULL,
  sequence BIGINT NOT NULL,
  outcome VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  tries INT NOT NULL,
  next_at DATETIME(6) NULL,
  response_status INT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY delivery_once (organization_id, endpoint_id, event_id),
  KEY delivery_list (organization_id, endpoint_id, id),
  KEY delivery_due (organization_id, endpoint_id, outcome, next_at),
  KEY delivery_order (organization_id, endpoint_id, resource_type, resource_id, outcome, sequence),
  KEY delivery_event (organization_id, event_id, outcome),
  CHECK (outcome IN ('succeeded', 'failed'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- error: why there was no answer, in a few words; the answer's body is not kept.
CREATE TABLE IF NOT EXISTS delivery_attempts (
  organization_id BINARY(12) NOT NULL,
  delivery_id BINARY(12) NOT NULL,
  number INT NOT NULL,
  at DATETIME(6) NOT NULL,
  milliseconds INT NOT NULL,
  response_status INT NULL,
  error VARCHAR(255) NULL,
  PRIMARY KEY (organization_id, delivery_id, number)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The last number given to an event of an organization; whoever numbers holds the row.
CREATE TABLE IF NOT EXISTS event_counters (
  organization_id BINARY(12) NOT NULL PRIMARY KEY,
  last BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Who let an event happen, and its number in its organization.  Each step looks first
-- whether it was done, since MySQL knows no ADD COLUMN IF NOT EXISTS.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'outbox' AND COLUMN_NAME = 'livemode') = 0,
  'ALTER TABLE outbox ADD COLUMN livemode TINYINT NOT NULL DEFAULT 1, ADD COLUMN idempotency_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN human_id BINARY(12) NULL, ADD COLUMN agent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN token_id BINARY(12) NULL, DROP KEY outbox_sequence, ADD UNIQUE KEY outbox_number (organization_id, sequence), ADD KEY outbox_pending (sequence, organization_id, at), ADD KEY outbox_list (organization_id, livemode, sequence), ADD KEY outbox_by_type (organization_id, livemode, type, sequence)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'audit_events' AND COLUMN_NAME = 'token_id') = 0,
  'ALTER TABLE audit_events ADD COLUMN token_id BINARY(12) NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'attempts' AND INDEX_NAME = 'attempt_request') = 0,
  'ALTER TABLE attempts ADD KEY attempt_request (organization_id, request_id)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
