-- gadgets: the objects of the skeleton dialect.
CREATE TABLE IF NOT EXISTS gadgets (
  organization_id BINARY(12) NOT NULL,
  id BINARY(12) NOT NULL,
  livemode TINYINT NOT NULL,
  name VARCHAR(255) NOT NULL,
  weight BIGINT NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  hidden TINYINT NOT NULL DEFAULT (status = 'archived'),
  created_by BINARY(12) NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id),
  KEY gadget_list (organization_id, livemode, hidden, id),
  KEY gadget_by_weight (organization_id, livemode, hidden, weight, id),
  CHECK (status IN ('active', 'archived')),
  CHECK (hidden = (status = 'archived'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Their tags, which a list filters by.
CREATE TABLE IF NOT EXISTS gadget_tags (
  organization_id BINARY(12) NOT NULL,
  gadget_id BINARY(12) NOT NULL,
  name VARCHAR(64) NOT NULL,
  value VARCHAR(64) NOT NULL,
  PRIMARY KEY (organization_id, gadget_id, name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
