-- What queries read, and the two functions that change which slot stands behind it. They belong to the owner, because
-- only the owner may replace a view or truncate a table; the projector may call them and nothing more.
CREATE SCHEMA read;

-- Puts `wanted_slot` behind the views of the projection. Waits for projectors of it to finish their transaction, and
-- views change in one order, so that two switches cannot wait for each other.
CREATE FUNCTION read.activate(wanted_projection text, wanted_slot text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation text;
BEGIN
    PERFORM pg_advisory_xact_lock(1885960555, s.lock) FROM peyk.active_slot s WHERE s.projection = wanted_projection;
    UPDATE peyk.active_slot SET spare_ready = spare_ready OR slot <> wanted_slot, slot = wanted_slot
        WHERE projection = wanted_projection;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no projection %', wanted_projection USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR relation IN SELECT t.name FROM peyk.read_tables t WHERE t.projection = wanted_projection ORDER BY t.name LOOP
        EXECUTE format('CREATE OR REPLACE VIEW read.%1$I WITH (security_invoker = true) AS SELECT * FROM %2$I.%1$I',
            relation, 'read_' || wanted_slot);
    END LOOP;
END
$$;

-- Empties the slot of the projection that does not serve, with its checkpoints, and tells which it is.
CREATE FUNCTION read.clear_idle(wanted_projection text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    idle text;
    relation text;
BEGIN
    PERFORM pg_advisory_xact_lock(1885960555, s.lock) FROM peyk.active_slot s WHERE s.projection = wanted_projection;
    UPDATE peyk.active_slot SET spare_ready = false WHERE projection = wanted_projection
        RETURNING CASE slot WHEN 'a' THEN 'b' ELSE 'a' END INTO idle;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no projection %', wanted_projection USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR relation IN SELECT t.name FROM peyk.read_tables t WHERE t.projection = wanted_projection ORDER BY t.name LOOP
        EXECUTE format('TRUNCATE %I.%I', 'read_' || idle, relation);
    END LOOP;
    DELETE FROM peyk.checkpoints WHERE projection = wanted_projection AND slot = idle;
    RETURN idle;
END
$$;

REVOKE ALL ON FUNCTION read.activate(text, text), read.clear_idle(text) FROM PUBLIC;

DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT projection FROM peyk.active_slot ORDER BY lock LOOP
        PERFORM read.activate(name, 'a');
    END LOOP;
END
$$;

-- How far what is served has come.
CREATE VIEW read.checkpoints WITH (security_invoker = true) AS
    SELECT c.projection, c.ledger, c.partition, c.position, c.hash, c.updated_at
    FROM peyk.checkpoints c JOIN peyk.active_slot s USING (projection, slot);
