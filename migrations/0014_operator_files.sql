-- Files of numbers that operators handed over, a row for each, named by its SHA-256. Comments state the data class of a
-- column, as in schemas/EVENTS.md.
--
-- The numbers of a file that is under way stand in `numbers` before it is closed. No reader sees them: the policy below
-- holds for every query there is and will be. An alphanumeric sender is of no block, and of no file.
INSERT INTO peyk.read_tables (name, projection, tenanted) VALUES ('operator_files', 'leases', false);

DO $$
DECLARE
    slot text;
    described record;
BEGIN
    FOREACH slot IN ARRAY ARRAY['read_a', 'read_b'] LOOP
        EXECUTE format($table$
            CREATE TABLE %1$I.operator_files (
                file bytea PRIMARY KEY,
                block uuid NOT NULL,
                mno text NOT NULL,
                rows integer NOT NULL,
                staged integer NOT NULL,
                state text NOT NULL CHECK (state IN ('open', 'clearing', 'abandoned', 'closed')),
                key uuid,
                approval uuid,
                importer uuid NOT NULL,
                opened_ms bigint NOT NULL,
                ended_ms bigint,
                position bigint NOT NULL,
                updated_position bigint NOT NULL
            );
            CREATE INDEX operator_files_by_position ON %1$I.operator_files (position);
            CREATE INDEX operator_files_hidden ON %1$I.operator_files (block) WHERE state IN ('open', 'clearing');
        $table$, slot);
        FOR described IN SELECT unnest(ARRAY['file', 'block', 'rows', 'staged', 'state', 'key', 'approval', 'importer',
                'opened_ms', 'ended_ms', 'position', 'updated_position']) AS name LOOP
            EXECUTE format('COMMENT ON COLUMN %I.operator_files.%I IS ''internal''', slot, described.name);
        END LOOP;
        EXECUTE format('COMMENT ON COLUMN %I.operator_files.mno IS ''public''', slot);
        EXECUTE format('GRANT SELECT ON %I.operator_files TO peyk_reader', slot);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.operator_files TO peyk_projector', slot);
        EXECUTE format($policy$
            CREATE POLICY of_a_whole_file ON %1$I.numbers AS RESTRICTIVE FOR SELECT TO peyk_reader USING (
                block IS NULL OR block NOT IN (
                    SELECT hidden.block FROM %1$I.operator_files hidden WHERE hidden.state IN ('open', 'clearing')
                )
            )
        $policy$, slot);
    END LOOP;
    PERFORM read.activate('leases', slot_of.slot) FROM peyk.active_slot slot_of WHERE slot_of.projection = 'leases';
END
$$;

GRANT SELECT ON read.operator_files TO peyk_reader;

-- The view says the same as the tables behind it.
DO $$
DECLARE
    described record;
BEGIN
    FOR described IN SELECT unnest(ARRAY['file', 'block', 'rows', 'staged', 'state', 'key', 'approval', 'importer',
            'opened_ms', 'ended_ms', 'position', 'updated_position']) AS name LOOP
        EXECUTE format('COMMENT ON COLUMN read.operator_files.%I IS %L', described.name, 'internal');
    END LOOP;
    COMMENT ON COLUMN read.operator_files.mno IS 'public';
END
$$;
