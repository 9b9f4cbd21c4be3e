-- 0019_interop: folders and models that went to the trash with a folder they lie in: trashed_with names
-- it, and restoring it restores these; NULL of what was put there itself.  Of what is not archived it
-- says nothing.  The key finds the folders of the trash; models have one for those that are archived.

SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'folders' AND COLUMN_NAME = 'trashed_with') = 0,
  'ALTER TABLE folders ADD COLUMN trashed_with BINARY(12) NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'models' AND COLUMN_NAME = 'trashed_with') = 0,
  'ALTER TABLE models ADD COLUMN trashed_with BINARY(12) NULL',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'folders' AND INDEX_NAME = 'folder_trash') = 0,
  'ALTER TABLE folders ADD KEY folder_trash (organization_id, status, trashed_with, id)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
