-- 0012_deployments: what models are deployed as, where, and against which challengers.

-- formats: a set of bits, those of enum kind in dom_package.h that are formats.
CREATE TABLE IF NOT EXISTS prediction_environments (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  name VARCHAR(512) NOT NULL,
  description VARCHAR(2048) NOT NULL,
  platform VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  plugin VARCHAR(255) NULL,
  formats INT NOT NULL,
  managed TINYINT NOT NULL,
  managed_by VARCHAR(255) NULL,
  datastore_id VARCHAR(255) NULL,
  credential_id VARCHAR(255) NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  hidden TINYINT NOT NULL DEFAULT 0,
  created_by BINARY(12) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  children_rev BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id),
  KEY environment_list (organization_id, hidden, id),
  CHECK (status IN ('active', 'deleted'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- model_id, version_id: the champion, which the deployment uses now.  settings: what was changed of them, a JSON
-- object.  runtime: values of parameters as they were sent, a JSON array.
CREATE TABLE IF NOT EXISTS deployments (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  model_id BINARY(12) NOT NULL,
  version_id BINARY(12) NOT NULL,
  environment_id BINARY(12) NULL,
  label VARCHAR(512) NOT NULL,
  description VARCHAR(10000) NULL,
  importance VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  user_provided_id VARCHAR(255) NULL,
  settings LONGTEXT NULL,
  runtime LONGTEXT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  hidden TINYINT NOT NULL DEFAULT 0,
  created_by BINARY(12) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id),
  KEY deployment_list (organization_id, hidden, id, model_id),
  KEY deployment_by_label (organization_id, hidden, label, id),
  KEY deployment_by_model (organization_id, model_id, status),
  KEY deployment_by_version (organization_id, version_id, status),
  KEY deployment_by_environment (organization_id, environment_id, hidden),
  CHECK (status IN ('active', 'inactive', 'deleted'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Each version that is or was champion or challenger of a deployment, once.  first_at, first_by: as champion; NULL: never.
-- label, hidden, created_at: the deployment's, by which the lists of a model and of a version go.
CREATE TABLE IF NOT EXISTS deployment_versions (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  deployment_id BINARY(12) NOT NULL,
  model_id BINARY(12) NOT NULL,
  version_id BINARY(12) NOT NULL,
  number INT NOT NULL,
  label VARCHAR(512) NOT NULL,
  hidden TINYINT NOT NULL DEFAULT 0,
  created_at DATETIME(6) NOT NULL,
  first_at DATETIME(6) NULL,
  first_by BINARY(12) NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE KEY pair (organization_id, deployment_id, version_id),
  KEY pair_by_model (organization_id, model_id, hidden, created_at, id),
  KEY pair_by_model_label (organization_id, model_id, hidden, label, id),
  KEY pair_by_version (organization_id, version_id, hidden, created_at, id),
  KEY pair_by_version_label (organization_id, version_id, hidden, label, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS challengers (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  deployment_id BINARY(12) NOT NULL,
  model_id BINARY(12) NOT NULL,
  version_id BINARY(12) NOT NULL,
  environment_id BINARY(12) NULL,
  name VARCHAR(512) NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  hidden TINYINT NOT NULL DEFAULT 0,
  created_by BINARY(12) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id),
  KEY challenger_list (organization_id, hidden, deployment_id, id),
  KEY challenger_of (organization_id, deployment_id, version_id, hidden),
  KEY challenger_by_environment (organization_id, environment_id, hidden),
  CHECK (status IN ('active', 'deleted'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
