-- What is leased is not always a telephone number: `number` is now the text people write (`+93700000001`, `7070`), and
-- `type` what it is. Rows that are there are all telephone numbers. An alphanumeric sender belongs to no block.
--
-- A tenant browses its own numbers and those it could take. The platform's people see those that are nobody's as well; a
-- transaction says so by app.all_tenants. The tables are written anew,
-- and readers wait for that.
DROP VIEW read.numbers, read.leases, read.signals;

DO $$
DECLARE
    slot text;
    relation text;
    viewer text := '(SELECT nullif(current_setting(''app.current_tenant_id'', true), '''')::uuid)';
BEGIN
    FOREACH slot IN ARRAY ARRAY['read_a', 'read_b'] LOOP
        FOREACH relation IN ARRAY ARRAY['numbers', 'leases', 'signals'] LOOP
            EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN number TYPE text COLLATE "C" USING ''+'' || number', slot, relation);
        END LOOP;
        EXECUTE format($table$
            ALTER TABLE %1$I.numbers
                ALTER COLUMN block DROP NOT NULL,
                ALTER COLUMN mno DROP NOT NULL,
                ADD COLUMN type text NOT NULL DEFAULT 'msisdn' CHECK (type IN ('msisdn', 'short_code', 'vanity', 'alpha')),
                ADD CONSTRAINT numbers_block_check
                    CHECK ((type = 'alpha') = (block IS NULL) AND (block IS NULL) = (mno IS NULL));
            ALTER TABLE %1$I.numbers ALTER COLUMN type DROP DEFAULT;
            COMMENT ON COLUMN %1$I.numbers.type IS 'internal';
        $table$, slot);
        EXECUTE format('DROP POLICY of_tenant ON %I.numbers', slot);
        EXECUTE format(
            'CREATE POLICY of_tenant ON %1$I.numbers USING (tenant = %2$s OR (tenant IS NULL AND %2$s IS NOT NULL AND '
                '(state = ''available'' OR (SELECT current_setting(''app.all_tenants'', true)) = ''numbers'')))',
            slot, viewer);
    END LOOP;
    PERFORM read.activate('leases', slot_of.slot) FROM peyk.active_slot slot_of WHERE slot_of.projection = 'leases';
END
$$;

GRANT SELECT ON read.numbers, read.leases, read.signals TO peyk_reader;

-- The views say the same of their columns as the tables behind them.
DO $$
DECLARE
    described record;
BEGIN
    FOR described IN
        SELECT c.table_name AS relation, c.column_name AS name,
            (SELECT col_description(b.attrelid, b.attnum) FROM pg_catalog.pg_attribute b
                WHERE b.attrelid = to_regclass(format('read_a.%I', c.table_name)) AND b.attname = c.column_name) AS class
        FROM information_schema.columns c
        WHERE c.table_schema = 'read' AND c.table_name IN ('numbers', 'leases', 'signals')
    LOOP
        EXECUTE format('COMMENT ON COLUMN read.%I.%I IS %L', described.relation, described.name, described.class);
    END LOOP;
END
$$;
