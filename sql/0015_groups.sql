-- 0015_groups: groups of users, which models are shared with; and of each grant of a model
-- what the wire tells of it: the word that was granted, the kind of who has it, and who gave it.

-- kind: of grantee_id: user, group or organization.  word NULL: as its role is called.
-- granted_by NULL: nobody who is known.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'grants' AND COLUMN_NAME = 'kind') = 0,
  'ALTER TABLE grants ADD COLUMN kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT ''user'', ADD COLUMN word VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN granted_by BINARY(12) NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
UPDATE grants SET kind = 'organization' WHERE grantee_id = organization_id AND kind = 'user';

-- shared 1: who owns the model stands in grants alone; 0: its maker does too while it is everybody's.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'models' AND COLUMN_NAME = 'shared') = 0,
  'ALTER TABLE models ADD COLUMN shared TINYINT NOT NULL DEFAULT 0',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

CREATE TABLE IF NOT EXISTS user_groups (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  name VARCHAR(255) NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  revision BIGINT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY group_name (organization_id, name),
  CHECK (status IN ('active'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- By the member, since every look at a local model asks for the groups of one user.
CREATE TABLE IF NOT EXISTS group_members (
  organization_id BINARY(12) NOT NULL,
  principal_id BINARY(12) NOT NULL,
  group_id BINARY(12) NOT NULL,
  PRIMARY KEY (organization_id, principal_id, group_id),
  KEY group_member (organization_id, group_id, principal_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
