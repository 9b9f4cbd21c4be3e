-- 0006_events: whose rights an endpoint has, what an event says to every endpoint alike,
-- and the orders in which both are read.

-- told: how many deliveries the event was made for when it was numbered; NULL: by an
-- earlier release, which did not write it down.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'outbox' AND COLUMN_NAME = 'told') = 0,
  'ALTER TABLE outbox ADD COLUMN told INT NULL, ADD KEY outbox_by_kind (organization_id, livemode, resource_type, sequence)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- owner_id, owner_scopes: who made the endpoint, or last said where it is, what it listens to
-- or that it is enabled, and the scopes of the token that did; it is told what that one
-- may read.  deliveries_rev: moves when deliveries are added.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'webhook_endpoints' AND COLUMN_NAME = 'owner_id') = 0,
  'ALTER TABLE webhook_endpoints ADD COLUMN owner_id BINARY(12) NULL, ADD COLUMN owner_scopes VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN deliveries_rev BIGINT NOT NULL DEFAULT 0',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- rev: moves whenever the counter is locked, since a cluster does not certify a lock.
SET @step = IF((SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'event_counters' AND COLUMN_NAME = 'rev') = 0,
  'ALTER TABLE event_counters ADD COLUMN rev BIGINT NOT NULL DEFAULT 0',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- next_at of a delivery whose turn has not come: the last day of the year 9999.  Those that
-- wait already keep the time they have, and go in the same order.  delivery_list is for
-- the release before this one.
SET @step = IF((SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'deliveries' AND INDEX_NAME = 'delivery_by_number') = 0,
  'ALTER TABLE deliveries ADD KEY delivery_by_number (organization_id, endpoint_id, sequence)',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- The owners of endpoints that are there: the audit knows who made or last changed each, and
-- with which API key.  Several with one URL stay; another is refused.
UPDATE webhook_endpoints w
JOIN audit_events a ON a.organization_id = w.organization_id AND a.resource_type = 'webhook_endpoint'
  AND a.resource_id = w.id AND a.revision = (SELECT MAX(b.revision) FROM audit_events b
  WHERE b.organization_id = w.organization_id AND b.resource_type = 'webhook_endpoint' AND b.resource_id = w.id
  AND b.action IN ('webhook_endpoint.created', 'webhook_endpoint.updated', 'webhook_endpoint.enabled') AND b.actor_id IS NOT NULL)
LEFT JOIN api_keys k ON k.organization_id = a.organization_id AND k.id = a.token_id
SET w.owner_id = a.actor_id, w.owner_scopes = k.scopes
WHERE w.owner_id IS NULL AND w.hidden = 0;
