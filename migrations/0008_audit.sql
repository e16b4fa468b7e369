-- Who did what, where from and when, out of the ledger `access`: a row for each event worth one, never changed. Beside it what
-- was last said of a tenant, user, access key or session that is still there, from which the old values of a change are
-- taken; nobody but the projector reads that.
--
-- `id` is the record's position times 4096 and the place of the event in it. `tenant` is whose matter it is, all zeros for the
-- platform's own. Comments state the data class of a column, as in schemas/EVENTS.md.
ALTER TABLE peyk.active_slot DROP CONSTRAINT active_slot_projection_check;
ALTER TABLE peyk.active_slot ADD CONSTRAINT active_slot_projection_check
    CHECK (projection IN ('leases', 'messages', 'routes', 'audit'));
INSERT INTO peyk.active_slot (projection, lock) VALUES ('audit', 4);
INSERT INTO peyk.read_tables (name, projection, tenanted) VALUES
    ('audit', 'audit', true),
    ('audit_subjects', 'audit', true);

DO $$
DECLARE
    slot text;
    described record;
    own text := 'tenant = (SELECT nullif(current_setting(''app.current_tenant_id'', true), '''')::uuid)';
BEGIN
    FOREACH slot IN ARRAY ARRAY['read_a', 'read_b'] LOOP
        EXECUTE format($table$
            CREATE TABLE %1$I.audit (
                id bigint PRIMARY KEY,
                at_ms bigint NOT NULL,
                event_type text NOT NULL,
                tenant uuid NOT NULL,
                actor uuid,
                actor_tenant uuid NOT NULL,
                action text NOT NULL,
                resource_type text,
                resource_id text,
                source_ip text,
                user_agent text,
                request uuid,
                code text,
                receipt text,
                count bigint,
                details jsonb NOT NULL CHECK (jsonb_typeof(details) = 'object')
            );
            CREATE INDEX audit_newest ON %1$I.audit (tenant, id DESC);
            CREATE INDEX audit_actor ON %1$I.audit (actor, id DESC) WHERE actor IS NOT NULL;
            CREATE INDEX audit_type ON %1$I.audit (event_type, id DESC);
            CREATE INDEX audit_resource ON %1$I.audit (resource_id, id DESC) WHERE resource_id IS NOT NULL;
            CREATE INDEX audit_time ON %1$I.audit (at_ms);
            CREATE TABLE %1$I.audit_subjects (
                subject text COLLATE "C" PRIMARY KEY,
                tenant uuid NOT NULL,
                user_id uuid,
                known jsonb NOT NULL CHECK (jsonb_typeof(known) = 'object')
            );
        $table$, slot);
        EXECUTE format('ALTER TABLE %I.audit ENABLE ROW LEVEL SECURITY', slot);
        EXECUTE format('ALTER TABLE %I.audit_subjects ENABLE ROW LEVEL SECURITY', slot);
        -- The platform's auditors read across tenants; a transaction says so by this setting.
        EXECUTE format('CREATE POLICY of_tenant ON %I.audit USING (%s OR (SELECT current_setting(''app.all_tenants'', true)) = ''audit'')',
            slot, own);
        EXECUTE format('CREATE POLICY of_tenant ON %I.audit_subjects USING (%s)', slot, own);
        FOR described IN
            SELECT * FROM (VALUES
                ('audit', 'id', 'internal'), ('audit', 'at_ms', 'internal'), ('audit', 'event_type', 'internal'),
                ('audit', 'tenant', 'internal'), ('audit', 'actor', 'internal'), ('audit', 'actor_tenant', 'internal'),
                ('audit', 'action', 'internal'), ('audit', 'resource_type', 'internal'),
                ('audit', 'resource_id', 'confidential'), ('audit', 'source_ip', 'restricted'),
                ('audit', 'user_agent', 'restricted'), ('audit', 'request', 'internal'), ('audit', 'code', 'internal'),
                ('audit', 'receipt', 'internal'), ('audit', 'count', 'internal'), ('audit', 'details', 'confidential'),
                ('audit_subjects', 'subject', 'internal'), ('audit_subjects', 'tenant', 'internal'),
                ('audit_subjects', 'user_id', 'internal'), ('audit_subjects', 'known', 'confidential')
            ) AS classes (relation, name, class)
        LOOP
            EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', slot, described.relation, described.name, described.class);
        END LOOP;
        EXECUTE format('GRANT SELECT ON %I.audit TO peyk_reader', slot);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %1$I.audit, %1$I.audit_subjects TO peyk_projector', slot);
    END LOOP;
END
$$;

SELECT read.activate('audit', 'a');
GRANT SELECT ON read.audit TO peyk_reader;
