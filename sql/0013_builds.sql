-- 0013_builds: jobs that go on behind an answer.

-- object_id: what comes of it, in parent_id where it is found there.  due_at: when a worker takes it; NULL: it has
-- none, or is done.  lease, leased_until: who works on it and until when; tries: how often that was begun.
CREATE TABLE IF NOT EXISTS jobs (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  object_id BINARY(12) NOT NULL,
  parent_id BINARY(12) NULL,
  created_by BINARY(12) NULL,
  token_id BINARY(12) NULL,
  agent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  intervals TINYINT NOT NULL,
  outcome VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  reason VARCHAR(1024) NULL,
  created_at DATETIME(6) NOT NULL,
  finished_at DATETIME(6) NULL,
  due_at DATETIME(6) NULL,
  lease BINARY(16) NULL,
  leased_until DATETIME(6) NULL,
  tries INT NOT NULL DEFAULT 0,
  PRIMARY KEY (organization_id, id),
  KEY job_due (due_at),
  KEY job_finished (finished_at),
  KEY job_of_object (organization_id, object_id, due_at),
  CHECK (outcome IN ('completed', 'failed'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The file that was built of a version is one of its artifacts.
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'model_versions' AND INDEX_NAME = 'version_mlpkg') = 0,
  'ALTER TABLE model_versions ADD KEY version_mlpkg (organization_id, mlpkg)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
