-- Leases for a term, numbers that were recalled or retired.
--
-- `term_months` is the billing period in calendar months, `renewal` what happens when it ends; both null for a lease
-- without end. `until_ms` of a lease is then the end of the term. A recalled number is still shown to the tenant it was
-- recalled from, and to no other.
DO $$
DECLARE
    slot text;
BEGIN
    FOREACH slot IN ARRAY ARRAY['read_a', 'read_b'] LOOP
        EXECUTE format($table$
            ALTER TABLE %1$I.numbers
                ADD COLUMN term_months integer,
                ADD COLUMN renewal text CHECK (renewal IN ('automatic', 'on_request')),
                ADD CONSTRAINT numbers_term_check CHECK ((term_months IS NULL) = (renewal IS NULL)),
                DROP CONSTRAINT numbers_state_check,
                ADD CONSTRAINT numbers_state_check CHECK (state IN ('available', 'reserved', 'held', 'assigned',
                    'quarantined', 'recalled', 'retired')),
                DROP CONSTRAINT numbers_check,
                ADD CONSTRAINT numbers_check
                    CHECK ((tenant IS NULL) = (state IN ('available', 'quarantined', 'retired')));
            COMMENT ON COLUMN %1$I.numbers.term_months IS 'internal';
            COMMENT ON COLUMN %1$I.numbers.renewal IS 'internal';
            ALTER TABLE %1$I.leases
                DROP CONSTRAINT leases_state_check,
                ADD CONSTRAINT leases_state_check CHECK (state IN ('reserved', 'held', 'assigned', 'released', 'expired',
                    'recalled'));
        $table$, slot);
    END LOOP;
    -- The view of the slot that serves gets the new columns.
    PERFORM read.activate('leases', slot_of.slot) FROM peyk.active_slot slot_of WHERE slot_of.projection = 'leases';
END
$$;
