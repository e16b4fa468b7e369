-- How each projector of each process stands, as the process itself says every few seconds, so that others can tell one
-- that failed, one that waits and one nobody has seen for a while.
--
-- `record` is the one it cannot apply. `progressed_at` is when it last came forward or had nothing left to read.
CREATE TABLE peyk.projector_states (
    process uuid NOT NULL,
    projection text NOT NULL REFERENCES peyk.active_slot,
    ledger text NOT NULL,
    partition integer NOT NULL CHECK (partition BETWEEN 0 AND 65535),
    state text NOT NULL CHECK (state IN ('starting', 'running', 'waiting', 'blocked', 'failed', 'stopped')),
    reason text CHECK (char_length(reason) <= 1000),
    record bigint,
    position bigint NOT NULL,
    tail bigint NOT NULL,
    since timestamptz NOT NULL,
    progressed_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (process, projection, ledger, partition)
);

GRANT SELECT ON peyk.projector_states TO peyk_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON peyk.projector_states TO peyk_projector;
