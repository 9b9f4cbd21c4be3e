-- grants: what the application's account may do, table by table.  Run by `thaw init`
-- and `thaw migrate` after the migrations, with @DB@ and @APP@ replaced.  Audit rows
-- can be added and read by it and nothing else; it owns no schema.

GRANT SELECT ON @DB@.schema_versions TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.organizations TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.roles TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.principals TO @APP@;
GRANT SELECT, INSERT, DELETE ON @DB@.refresh_tokens TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.models TO @APP@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DB@.grants TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.training_runs TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.model_versions TO @APP@;
GRANT SELECT, INSERT ON @DB@.audit_events TO @APP@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DB@.outbox TO @APP@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DB@.attempts TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.projects TO @APP@;
GRANT SELECT, INSERT, DELETE ON @DB@.refresh_rotations TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.workspaces TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.entities TO @APP@;
GRANT SELECT, INSERT, DELETE ON @DB@.labels TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.api_keys TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.authorizations TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.webhook_endpoints TO @APP@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DB@.deliveries TO @APP@;
GRANT SELECT, INSERT, DELETE ON @DB@.delivery_attempts TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.event_counters TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.object_counts TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.user_groups TO @APP@;
GRANT SELECT, INSERT, DELETE ON @DB@.group_members TO @APP@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DB@.tags TO @APP@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DB@.model_aliases TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.model_holds TO @APP@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DB@.jobs TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.deployments TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.deployment_versions TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.challengers TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.prediction_environments TO @APP@;
GRANT SELECT, INSERT ON @DB@.run_projects TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.use_cases TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.custom_models TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.custom_versions TO @APP@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DB@.custom_files TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.folders TO @APP@;
GRANT SELECT, INSERT, UPDATE (created_at), DELETE ON @DB@.artifacts TO @APP@;
GRANT SELECT, INSERT, UPDATE ON @DB@.oauth_clients TO @APP@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DB@.oauth_codes TO @APP@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DB@.oauth_revocations TO @APP@;
