-- The read models, twice: one slot serves while the other is filled anew or kept for going back.
--
-- Names ending in _ms are milliseconds since the Unix epoch as the records state them. Numbers are the digits of an
-- E.164 number as one integer. `position` is the record that made a row, `updated_position` the last that changed it.
DO $$
DECLARE
    slot text;
BEGIN
    FOREACH slot IN ARRAY ARRAY['read_a', 'read_b'] LOOP
        EXECUTE format('CREATE SCHEMA %I', slot);

        EXECUTE format($table$
            CREATE TABLE %1$I.numbers (
                number bigint PRIMARY KEY,
                block uuid NOT NULL,
                mno text NOT NULL,
                state text NOT NULL CHECK (state IN ('available', 'reserved', 'held', 'assigned', 'quarantined')),
                tenant uuid,
                lease uuid,
                until_ms bigint,
                position bigint NOT NULL,
                updated_position bigint NOT NULL,
                CHECK ((tenant IS NULL) = (state IN ('available', 'quarantined'))),
                CHECK ((lease IS NULL) = (tenant IS NULL))
            );
            CREATE INDEX numbers_tenant ON %1$I.numbers (tenant, number) WHERE tenant IS NOT NULL;
            CREATE INDEX numbers_state ON %1$I.numbers (state, number);
        $table$, slot);

        EXECUTE format($table$
            CREATE TABLE %1$I.leases (
                id uuid PRIMARY KEY,
                number bigint NOT NULL,
                tenant uuid NOT NULL,
                state text NOT NULL CHECK (state IN ('reserved', 'held', 'assigned', 'released', 'expired')),
                reserved_at_ms bigint NOT NULL,
                until_ms bigint,
                assigned_at_ms bigint,
                ended_at_ms bigint,
                position bigint NOT NULL,
                updated_position bigint NOT NULL
            );
            CREATE INDEX leases_tenant ON %1$I.leases (tenant, id);
        $table$, slot);

        -- Text and recipient of a message never come here; the mask and the hash are null once the keys are gone.
        EXECUTE format($table$
            CREATE TABLE %1$I.messages (
                id uuid PRIMARY KEY,
                tenant uuid NOT NULL,
                sender bigint,
                recipient_mask text,
                recipient_hash bytea CHECK (octet_length(recipient_hash) = 32),
                lane text CHECK (lane IN ('otp', 'transactional', 'bulk')),
                encoding text CHECK (encoding IN ('gsm7', 'ucs2')),
                segments integer,
                state text NOT NULL CHECK (state IN ('accepted', 'refused', 'dispatched', 'submitted', 'in_doubt',
                    'delivered', 'undelivered', 'failed', 'expired')),
                reason text,
                connector uuid,
                smsc_id text,
                attempts integer NOT NULL,
                receipt text,
                receipt_error text,
                accepted_at_ms bigint NOT NULL,
                expires_at_ms bigint,
                dispatched_at_ms bigint,
                submitted_at_ms bigint,
                final_at_ms bigint,
                partition integer NOT NULL,
                position bigint NOT NULL,
                item integer NOT NULL,
                updated_position bigint NOT NULL
            );
            CREATE INDEX messages_newest ON %1$I.messages (tenant, position DESC, item DESC);
        $table$, slot);

        EXECUTE format($table$
            CREATE TABLE %1$I.operators (
                id uuid PRIMARY KEY,
                name text NOT NULL,
                country text NOT NULL,
                position bigint NOT NULL,
                updated_position bigint NOT NULL
            );
            CREATE TABLE %1$I.connectors (
                id uuid PRIMARY KEY,
                operator uuid NOT NULL,
                name text NOT NULL,
                state text NOT NULL CHECK (state IN ('open', 'closed')),
                position bigint NOT NULL,
                updated_position bigint NOT NULL
            );
            CREATE TABLE %1$I.routes (
                id uuid PRIMARY KEY,
                prefix text NOT NULL,
                connector uuid NOT NULL,
                priority integer NOT NULL,
                weight integer NOT NULL,
                cost_micros bigint NOT NULL,
                position bigint NOT NULL,
                updated_position bigint NOT NULL
            );
            CREATE INDEX routes_prefix ON %1$I.routes (prefix, priority);
        $table$, slot);
    END LOOP;
END
$$;
