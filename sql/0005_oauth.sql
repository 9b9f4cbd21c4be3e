-- 0005_oauth: OAuth 2.0 for the applications of others (RFC 6749, 7009, 7636): the
-- clients, the codes on their way to them, the sessions that were ended early.

-- secret_hash NULL: a public client, which cannot keep a secret.  principal_id: whose
-- rights it uses when it speaks for itself (client_credentials); NULL: it may not.
-- redirect_uris: a JSON array; scopes: the most it may ask for.
CREATE TABLE IF NOT EXISTS oauth_clients (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  name VARCHAR(128) NOT NULL,
  secret_hash BINARY(32) NULL,
  principal_id BINARY(12) NULL,
  redirect_uris LONGTEXT NOT NULL,
  scopes VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY oauth_client_id (id),
  CHECK (status IN ('active', 'revoked'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The code itself is nowhere.  used_at: it was exchanged, for the session family_id.
CREATE TABLE IF NOT EXISTS oauth_codes (
  organization_id BINARY(12) NOT NULL,
  code_hash BINARY(32) NOT NULL,
  client_id BINARY(12) NOT NULL,
  principal_id BINARY(12) NOT NULL,
  redirect_uri VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  scopes VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  challenge VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  used_at DATETIME(6) NULL,
  family_id BINARY(12) NULL,
  PRIMARY KEY (organization_id, code_hash),
  KEY oauth_code_consent (organization_id, principal_id, client_id),
  KEY oauth_code_expiry (expires_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Sessions of clients that were ended: their access tokens are refused, and no refresh
-- token of theirs is good.  expires_at: when the last of these would have ended anyway.
CREATE TABLE IF NOT EXISTS oauth_revocations (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  PRIMARY KEY (organization_id, id),
  KEY oauth_revocation_expiry (expires_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Whose the session is when not the user's own, and what it may do at most.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'refresh_tokens' AND COLUMN_NAME = 'client_id') = 0,
  'ALTER TABLE refresh_tokens ADD COLUMN client_id BINARY(12) NULL, ADD COLUMN scopes VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
