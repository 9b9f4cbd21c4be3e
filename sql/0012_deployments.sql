-- 0012_deployments: what models are deployed as, and where.

-- model_id, version_id: the champion, which the deployment uses now.  settings: a JSON object.
CREATE TABLE IF NOT EXISTS deployments (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  model_id BINARY(12) NOT NULL,
  version_id BINARY(12) NOT NULL,
  label VARCHAR(512) NOT NULL,
  description VARCHAR(10000) NULL,
  importance VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_by BINARY(12) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id),
  KEY deployment_by_model (organization_id, model_id, id),
  KEY deployment_by_version (organization_id, version_id, status),
  CHECK (status IN ('active', 'inactive', 'deleted'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
