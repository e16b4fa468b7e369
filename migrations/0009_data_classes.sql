-- How carefully each column must be treated, as its comment: public, internal, confidential or restricted, with the meanings
-- of schemas/EVENTS.md. Whoever adds a column comments it in the same migration; a test walks them all.
DO $$
DECLARE
    described record;
    slot text;
BEGIN
    FOR described IN
        SELECT relation, class, name FROM (VALUES
            ('numbers', 'public', ARRAY['mno']),
            ('numbers', 'internal', ARRAY['number', 'block', 'state', 'tenant', 'lease', 'until_ms', 'position', 'updated_position']),
            ('leases', 'internal', ARRAY['id', 'number', 'tenant', 'state', 'reserved_at_ms', 'until_ms', 'assigned_at_ms',
                'ended_at_ms', 'position', 'updated_position']),
            ('messages', 'confidential', ARRAY['sender', 'recipient_mask', 'recipient_hash', 'smsc_id']),
            ('messages', 'internal', ARRAY['id', 'tenant', 'lane', 'encoding', 'segments', 'state', 'reason', 'connector',
                'attempts', 'receipt', 'receipt_error', 'accepted_at_ms', 'expires_at_ms', 'dispatched_at_ms',
                'submitted_at_ms', 'final_at_ms', 'partition', 'position', 'item', 'updated_position']),
            ('operators', 'public', ARRAY['name', 'country']),
            ('operators', 'internal', ARRAY['id', 'position', 'updated_position']),
            ('connectors', 'internal', ARRAY['id', 'operator', 'name', 'state', 'position', 'updated_position']),
            ('routes', 'public', ARRAY['prefix']),
            ('routes', 'internal', ARRAY['id', 'connector', 'priority', 'weight', 'cost_micros', 'position', 'updated_position'])
        ) AS classes (relation, class, names), unnest(names) AS name
    LOOP
        FOREACH slot IN ARRAY ARRAY['read_a', 'read_b'] LOOP
            EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', slot, described.relation, described.name, described.class);
        END LOOP;
    END LOOP;
    -- What is kept of the read models themselves leads to nobody.
    FOR described IN
        SELECT c.table_name AS relation, c.column_name AS name FROM information_schema.columns c
        WHERE c.table_schema = 'peyk'
            AND c.table_name IN ('active_slot', 'read_tables', 'checkpoints', 'projector_states')
    LOOP
        EXECUTE format('COMMENT ON COLUMN peyk.%I.%I IS %L', described.relation, described.name, 'internal');
    END LOOP;
END
$$;
