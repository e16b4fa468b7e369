-- A reader sees the rows of the tenant its transaction names, and none where it names none. A number that is nobody's
-- may be browsed by every tenant. The sub-select is evaluated once for a statement, not once for a row.
DO $$
DECLARE
    slot text;
    relation text;
    condition text;
BEGIN
    FOREACH slot IN ARRAY ARRAY['read_a', 'read_b'] LOOP
        FOR relation IN SELECT name FROM peyk.read_tables WHERE tenanted ORDER BY name LOOP
            condition := 'tenant = (SELECT nullif(current_setting(''app.current_tenant_id'', true), '''')::uuid)';
            IF relation = 'numbers' THEN
                condition := condition || ' OR (tenant IS NULL AND '
                    '(SELECT nullif(current_setting(''app.current_tenant_id'', true), '''')::uuid) IS NOT NULL)';
            END IF;
            EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', slot, relation);
            EXECUTE format('CREATE POLICY of_tenant ON %I.%I USING (%s)', slot, relation, condition);
        END LOOP;
    END LOOP;
END
$$;
