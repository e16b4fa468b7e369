-- Each transition of each number, out of the ledger `numbering`: who brought it from which state to which, and why. The rows
-- of a number are a chain: each has a SHA-256 over the hash of the one before and over every other column of its own. A row
-- is only ever added.
--
-- `id` is the record's position times 2^24, the place of the event in it times 2^12, and the place of the number in that.
-- `tenant` and `lease` are whose matter it is, null where no lease is. `actor` is null for what happens by itself.
--
-- row_hash = SHA-256(prev_hash, then id, number, seq, from_state, to_state, reason_code, tenant, lease, actor, actor_tenant,
-- at_ms, position, item), where each column is its length in bytes (four bytes, big-endian) and its value: text in UTF-8, a
-- bigint in eight and an integer in four bytes of two's complement, big-endian, a uuid in its sixteen; of a null only the
-- length stands, ff ff ff ff. The prev_hash of the first row of a number is 32 zero bytes. Nothing of it depends on settings,
-- clocks or sequences, so that the table made anew has the same hashes.
ALTER TABLE peyk.active_slot DROP CONSTRAINT active_slot_projection_check;
ALTER TABLE peyk.active_slot ADD CONSTRAINT active_slot_projection_check
    CHECK (projection IN ('leases', 'messages', 'routes', 'audit', 'number_audit'));
INSERT INTO peyk.active_slot (projection, lock) VALUES ('number_audit', 5);
INSERT INTO peyk.read_tables (name, projection, tenanted) VALUES ('number_audit', 'number_audit', true);

-- A value as it goes into a hash.
CREATE FUNCTION peyk.framed(value bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value IS NULL THEN '\xffffffff'::bytea ELSE int4send(octet_length(value)) || value END
$$;

-- One transaction adds rows at a time: two that did not see each other's would begin from the same row. The first key is the
-- word "peyk" plus two.
CREATE FUNCTION peyk.add_alone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1885960557, TG_RELID::int);
    RETURN NULL;
END
$$;

CREATE FUNCTION peyk.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is only ever added to', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

-- The owner may empty the slot that does not serve, as read.clear_idle does; nobody the one that serves.
CREATE FUNCTION peyk.refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = TG_RELID AND pg_catalog.pg_get_userbyid(c.relowner) = current_user)
        OR EXISTS (SELECT FROM peyk.read_tables t JOIN peyk.active_slot s USING (projection)
            WHERE t.name = TG_TABLE_NAME AND 'read_' || s.slot = TG_TABLE_SCHEMA)
    THEN
        RAISE EXCEPTION '%.% is only ever added to', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$$;

DO $$
DECLARE
    slot text;
    described record;
    own text := 'tenant = (SELECT nullif(current_setting(''app.current_tenant_id'', true), '''')::uuid)';
BEGIN
    FOREACH slot IN ARRAY ARRAY['read_a', 'read_b'] LOOP
        EXECUTE format($table$
            CREATE TABLE %1$I.number_audit (
                id bigint PRIMARY KEY,
                number text COLLATE "C" NOT NULL,
                seq integer NOT NULL,
                from_state text,
                to_state text NOT NULL,
                reason_code text NOT NULL,
                tenant uuid,
                lease uuid,
                actor uuid,
                actor_tenant uuid NOT NULL,
                at_ms bigint NOT NULL,
                position bigint NOT NULL,
                item integer NOT NULL,
                prev_hash bytea NOT NULL,
                row_hash bytea NOT NULL,
                UNIQUE (number, seq),
                UNIQUE (number, prev_hash)
            );
            CREATE INDEX number_audit_tenant ON %1$I.number_audit (tenant, number, id) WHERE tenant IS NOT NULL;

            CREATE FUNCTION %1$I.chain_number_audit() RETURNS trigger LANGUAGE plpgsql AS $body$
            DECLARE
                last record;
            BEGIN
                SELECT t.id, t.seq, t.to_state, t.row_hash INTO last FROM %1$I.number_audit t
                    WHERE t.number = NEW.number ORDER BY t.seq DESC LIMIT 1;
                IF NOT FOUND THEN
                    NEW.seq := 1;
                    NEW.from_state := NULL;
                    NEW.prev_hash := '\x0000000000000000000000000000000000000000000000000000000000000000'::bytea;
                ELSIF last.id >= NEW.id THEN
                    RAISE EXCEPTION 'a row of number_audit comes after a later one' USING ERRCODE = 'integrity_constraint_violation';
                ELSE
                    NEW.seq := last.seq + 1;
                    NEW.from_state := last.to_state;
                    NEW.prev_hash := last.row_hash;
                END IF;
                NEW.row_hash := sha256(NEW.prev_hash
                    || peyk.framed(int8send(NEW.id))
                    || peyk.framed(convert_to(NEW.number, 'UTF8'))
                    || peyk.framed(int4send(NEW.seq))
                    || peyk.framed(convert_to(NEW.from_state, 'UTF8'))
                    || peyk.framed(convert_to(NEW.to_state, 'UTF8'))
                    || peyk.framed(convert_to(NEW.reason_code, 'UTF8'))
                    || peyk.framed(uuid_send(NEW.tenant))
                    || peyk.framed(uuid_send(NEW.lease))
                    || peyk.framed(uuid_send(NEW.actor))
                    || peyk.framed(uuid_send(NEW.actor_tenant))
                    || peyk.framed(int8send(NEW.at_ms))
                    || peyk.framed(int8send(NEW.position))
                    || peyk.framed(int4send(NEW.item)));
                RETURN NEW;
            END
            $body$;

            CREATE TRIGGER add_alone BEFORE INSERT ON %1$I.number_audit
                FOR EACH STATEMENT EXECUTE FUNCTION peyk.add_alone();
            CREATE TRIGGER chain BEFORE INSERT ON %1$I.number_audit
                FOR EACH ROW EXECUTE FUNCTION %1$I.chain_number_audit();
            CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON %1$I.number_audit
                FOR EACH STATEMENT EXECUTE FUNCTION peyk.refuse_change();
            CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %1$I.number_audit
                FOR EACH STATEMENT EXECUTE FUNCTION peyk.refuse_truncate();
            -- Also where a session says that it replicates.
            ALTER TABLE %1$I.number_audit ENABLE ALWAYS TRIGGER add_alone, ENABLE ALWAYS TRIGGER chain,
                ENABLE ALWAYS TRIGGER refuse_change, ENABLE ALWAYS TRIGGER refuse_truncate;
            ALTER TABLE %1$I.number_audit ENABLE ROW LEVEL SECURITY;
        $table$, slot);
        -- The platform's people read across tenants; a transaction says so by this setting.
        EXECUTE format('CREATE POLICY of_tenant ON %I.number_audit USING (%s OR (SELECT current_setting(''app.all_tenants'', true)) = ''number_audit'')',
            slot, own);
        FOR described IN
            SELECT a.attname AS name FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = to_regclass(format('%I.number_audit', slot)) AND a.attnum > 0
        LOOP
            EXECUTE format('COMMENT ON COLUMN %I.number_audit.%I IS ''internal''', slot, described.name);
        END LOOP;
        EXECUTE format('GRANT SELECT ON %I.number_audit TO peyk_reader', slot);
        -- No UPDATE, no DELETE, no TRUNCATE.
        EXECUTE format('GRANT SELECT, INSERT ON %I.number_audit TO peyk_projector', slot);
    END LOOP;
END
$$;

SELECT read.activate('number_audit', 'a');
GRANT SELECT ON read.number_audit TO peyk_reader;

DO $$
DECLARE
    described record;
BEGIN
    FOR described IN
        SELECT a.attname AS name FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = to_regclass('read.number_audit') AND a.attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN read.number_audit.%I IS %L', described.name, 'internal');
    END LOOP;
END
$$;
