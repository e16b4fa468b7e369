-- What is read is a view of a table whose columns have a data class each (0008, 0009); the views say the same, so that whoever
-- looks at what may be read sees it there. A view keeps its comments when it turns to the other slot. What is read of the read
-- models themselves leads to nobody.
DO $$
DECLARE
    described record;
BEGIN
    FOR described IN
        SELECT c.table_name AS relation, c.column_name AS name,
            coalesce(
                (SELECT col_description(b.attrelid, b.attnum) FROM pg_catalog.pg_attribute b
                    WHERE b.attrelid = to_regclass(format('read_a.%I', c.table_name)) AND b.attname = c.column_name),
                'internal') AS class
        FROM information_schema.columns c WHERE c.table_schema = 'read'
    LOOP
        EXECUTE format('COMMENT ON COLUMN read.%I.%I IS %L', described.relation, described.name, described.class);
    END LOOP;
END
$$;
