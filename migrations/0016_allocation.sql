-- What numbers are held by: contracts with operators, blocks of numbers, and pools that say whose a block's numbers are to
-- take. All three are the platform's: a transaction that may see them says so by app.all_tenants. Comments state the data
-- class of a column, as in schemas/EVENTS.md.
--
-- A tenant that a pool does not serve sees none of its numbers that are nobody's: the policy `of_a_pool` holds for every
-- query there is and will be. A block of a file of an operator is seen once the file is closed.
INSERT INTO peyk.read_tables (name, projection, tenanted)
    VALUES ('contracts', 'leases', false), ('blocks', 'leases', false), ('pools', 'leases', false);

DO $$
DECLARE
    slot text;
    relation text;
    viewer text := '(SELECT nullif(current_setting(''app.current_tenant_id'', true), '''')::uuid)';
BEGIN
    FOREACH slot IN ARRAY ARRAY['read_a', 'read_b'] LOOP
        EXECUTE format($table$
            CREATE TABLE %1$I.contracts (
                id uuid PRIMARY KEY,
                mno text NOT NULL,
                name text NOT NULL,
                starts_ms bigint NOT NULL,
                ends_ms bigint,
                state text NOT NULL CHECK (state IN ('draft', 'active', 'ended')),
                signature_ref text,
                version integer NOT NULL,
                position bigint NOT NULL,
                updated_position bigint NOT NULL
            );
            CREATE TABLE %1$I.blocks (
                id uuid PRIMARY KEY,
                mno text NOT NULL,
                type text CHECK (type IN ('msisdn', 'short_code', 'vanity')),
                first_number text COLLATE "C",
                last_number text COLLATE "C",
                contract uuid,
                region text,
                pool uuid,
                purpose text NOT NULL CHECK (purpose IN ('own', 'intermediate')),
                file bytea,
                version integer NOT NULL,
                position bigint NOT NULL,
                updated_position bigint NOT NULL,
                CHECK ((first_number IS NULL) = (last_number IS NULL))
            );
            CREATE TABLE %1$I.pools (
                id uuid PRIMARY KEY,
                name text NOT NULL,
                tenants jsonb,
                version integer NOT NULL,
                position bigint NOT NULL,
                updated_position bigint NOT NULL
            );
            COMMENT ON COLUMN %1$I.contracts.signature_ref IS 'confidential';
            COMMENT ON COLUMN %1$I.contracts.mno IS 'public';
            COMMENT ON COLUMN %1$I.blocks.mno IS 'public';

            -- Blocks that there were before this table: those of files, then those that were listed without one.
            INSERT INTO %1$I.blocks (id, mno, purpose, file, version, position, updated_position)
                SELECT DISTINCT ON (block) block, mno, 'own', file, 1, position, position
                FROM %1$I.operator_files ORDER BY block, position DESC;
            INSERT INTO %1$I.blocks (id, mno, purpose, version, position, updated_position)
                SELECT block, min(mno), 'own', 1, min(position), min(position)
                FROM %1$I.numbers WHERE block IS NOT NULL GROUP BY block
                ON CONFLICT DO NOTHING;

            -- Reads what row level security keeps from whoever asks; tells only which blocks are not theirs to take from.
            CREATE FUNCTION %1$I.blocks_withheld(viewer uuid) RETURNS SETOF uuid
            LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $withheld$
                SELECT block.id FROM %1$I.blocks block LEFT JOIN %1$I.pools pool ON pool.id = block.pool
                WHERE block.purpose = 'intermediate'
                    OR (pool.tenants IS NOT NULL AND (viewer IS NULL OR NOT pool.tenants ? viewer::text))
            $withheld$;
            REVOKE ALL ON FUNCTION %1$I.blocks_withheld(uuid) FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION %1$I.blocks_withheld(uuid) TO peyk_reader;

            CREATE POLICY of_a_whole_file ON %1$I.blocks AS RESTRICTIVE FOR SELECT TO peyk_reader USING (
                file IS NULL OR file IN (SELECT whole.file FROM %1$I.operator_files whole WHERE whole.state = 'closed')
            );
        $table$, slot);
        EXECUTE format($policy$
            CREATE POLICY of_a_pool ON %1$I.numbers AS RESTRICTIVE FOR SELECT TO peyk_reader USING (
                block IS NULL OR tenant IS NOT NULL OR (SELECT current_setting('app.all_tenants', true)) = 'numbers'
                    OR block NOT IN (SELECT withheld FROM %1$I.blocks_withheld(%2$s) withheld)
            )
        $policy$, slot, viewer);
        FOREACH relation IN ARRAY ARRAY['contracts', 'blocks', 'pools'] LOOP
            EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', slot, relation);
            EXECUTE format('CREATE POLICY of_platform ON %I.%I USING ((SELECT current_setting(''app.all_tenants'', true)) = ''allocation'')',
                slot, relation);
            EXECUTE format('GRANT SELECT ON %I.%I TO peyk_reader', slot, relation);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.%I TO peyk_projector', slot, relation);
        END LOOP;
    END LOOP;
    PERFORM read.activate('leases', slot_of.slot) FROM peyk.active_slot slot_of WHERE slot_of.projection = 'leases';
END
$$;

GRANT SELECT ON read.contracts, read.blocks, read.pools TO peyk_reader;

-- What is not confidential or public is internal, and the views say the same as the tables behind them.
DO $$
DECLARE
    described record;
BEGIN
    FOR described IN
        SELECT c.table_name AS relation, c.column_name AS name,
            coalesce((SELECT col_description(b.attrelid, b.attnum) FROM pg_catalog.pg_attribute b
                WHERE b.attrelid = to_regclass(format('read_a.%I', c.table_name)) AND b.attname = c.column_name),
                'internal') AS class
        FROM information_schema.columns c
        WHERE c.table_schema = 'read_a' AND c.table_name IN ('contracts', 'blocks', 'pools')
    LOOP
        EXECUTE format('COMMENT ON COLUMN read_a.%I.%I IS %L', described.relation, described.name, described.class);
        EXECUTE format('COMMENT ON COLUMN read_b.%I.%I IS %L', described.relation, described.name, described.class);
        EXECUTE format('COMMENT ON COLUMN read.%I.%I IS %L', described.relation, described.name, described.class);
    END LOOP;
END
$$;
