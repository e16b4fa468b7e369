-- Which slot of each read model serves, and how far each has come in each ledger.
CREATE SCHEMA peyk;

-- `lock` is the second key of the advisory locks around a projection; the first is the word "peyk", 1885960555.
-- `spare_ready` tells that the slot not serving was filled to its checkpoint and served before.
CREATE TABLE peyk.active_slot (
    projection text PRIMARY KEY CHECK (projection IN ('leases', 'messages', 'routes')),
    lock integer NOT NULL UNIQUE,
    slot text NOT NULL DEFAULT 'a' CHECK (slot IN ('a', 'b')),
    spare_ready boolean NOT NULL DEFAULT false
);
INSERT INTO peyk.active_slot (projection, lock) VALUES ('leases', 1), ('messages', 2), ('routes', 3);

-- The tables of each read model. Both slots have all of them.
CREATE TABLE peyk.read_tables (
    name text PRIMARY KEY,
    projection text NOT NULL REFERENCES peyk.active_slot,
    -- Whether rows belong to tenants.
    tenanted boolean NOT NULL
);
INSERT INTO peyk.read_tables (name, projection, tenanted) VALUES
    ('numbers', 'leases', true),
    ('leases', 'leases', true),
    ('messages', 'messages', true),
    ('operators', 'routes', false),
    ('connectors', 'routes', false),
    ('routes', 'routes', false);

-- Written in the transaction that writes the rows, so that each record counts exactly once. `head` is the place in the
-- chain from which reading goes on: position, hash, time and the certificate of the epoch.
CREATE TABLE peyk.checkpoints (
    projection text NOT NULL REFERENCES peyk.active_slot,
    slot text NOT NULL CHECK (slot IN ('a', 'b')),
    ledger text NOT NULL,
    partition integer NOT NULL CHECK (partition BETWEEN 0 AND 65535),
    position bigint NOT NULL CHECK (position > 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    head bytea NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projection, slot, ledger, partition)
);
