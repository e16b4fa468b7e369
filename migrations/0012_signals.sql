-- Signs of fraud in the numbering ledger, a row for each, never changed.
--
-- `id` is the record's position times 4096 and the place of the event in it. `tenant` is whose doing it looks like. Comments
-- state the data class of a column, as in schemas/EVENTS.md.
INSERT INTO peyk.read_tables (name, projection, tenanted) VALUES ('signals', 'leases', true);

DO $$
DECLARE
    slot text;
    described record;
    own text := 'tenant = (SELECT nullif(current_setting(''app.current_tenant_id'', true), '''')::uuid)';
BEGIN
    FOREACH slot IN ARRAY ARRAY['read_a', 'read_b'] LOOP
        EXECUTE format($table$
            CREATE TABLE %1$I.signals (
                id bigint PRIMARY KEY,
                at_ms bigint NOT NULL,
                kind text NOT NULL CHECK (kind IN ('reservation_burst', 'recalled_number_leased_again')),
                tenant uuid NOT NULL,
                number bigint,
                recalls integer,
                position bigint NOT NULL
            );
        $table$, slot);
        EXECUTE format('ALTER TABLE %I.signals ENABLE ROW LEVEL SECURITY', slot);
        -- The platform's people read across tenants; a transaction says so by this setting.
        EXECUTE format('CREATE POLICY of_tenant ON %I.signals USING (%s OR (SELECT current_setting(''app.all_tenants'', true)) = ''signals'')',
            slot, own);
        FOR described IN SELECT unnest(ARRAY['id', 'at_ms', 'kind', 'tenant', 'number', 'recalls', 'position']) AS name LOOP
            EXECUTE format('COMMENT ON COLUMN %I.signals.%I IS ''internal''', slot, described.name);
        END LOOP;
        EXECUTE format('GRANT SELECT ON %I.signals TO peyk_reader', slot);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.signals TO peyk_projector', slot);
    END LOOP;
    PERFORM read.activate('leases', slot_of.slot) FROM peyk.active_slot slot_of WHERE slot_of.projection = 'leases';
END
$$;

GRANT SELECT ON read.signals TO peyk_reader;

-- The view says the same as the tables behind it.
DO $$
DECLARE
    described record;
BEGIN
    FOR described IN SELECT unnest(ARRAY['id', 'at_ms', 'kind', 'tenant', 'number', 'recalls', 'position']) AS name LOOP
        EXECUTE format('COMMENT ON COLUMN read.signals.%I IS %L', described.name, 'internal');
    END LOOP;
END
$$;
