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
