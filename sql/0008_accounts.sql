-- 0008_accounts: which tokens of a user are still good is told by a number, since hosts'
-- clocks differ; one account for an email address, however it is spelled.

-- tokens_gen moves whenever all tokens of the user end, and every token carries the number
-- it was made under.  Rows and tokens without one are from before and go by tokens_since.
-- email_key: the address in small letters; NULL: not set yet (`thaw migrate` does it), or
-- two users had the same one, who then sign in with the exact spelling.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'principals' AND COLUMN_NAME = 'tokens_gen') = 0,
  'ALTER TABLE principals ADD COLUMN tokens_gen BIGINT NOT NULL DEFAULT 0, ADD COLUMN email_key VARCHAR(254) NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'principals' AND INDEX_NAME = 'principal_email_key') = 0,
  'ALTER TABLE principals ADD UNIQUE KEY principal_email_key (email_key)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'refresh_tokens' AND COLUMN_NAME = 'tokens_gen') = 0,
  'ALTER TABLE refresh_tokens ADD COLUMN tokens_gen BIGINT NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'oauth_codes' AND COLUMN_NAME = 'tokens_gen') = 0,
  'ALTER TABLE oauth_codes ADD COLUMN tokens_gen BIGINT NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
