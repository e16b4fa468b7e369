-- Neither role owns anything or may create anything. A security_invoker view reads its table with the rights of whoever
-- asks, so the reader has them on both slots, and row level security decides what it finds there.
GRANT USAGE ON SCHEMA peyk, read, read_a, read_b TO peyk_reader, peyk_projector;

GRANT SELECT ON peyk.active_slot, peyk.checkpoints TO peyk_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA read, read_a, read_b TO peyk_reader;

GRANT SELECT ON peyk.active_slot, peyk.read_tables TO peyk_projector;
GRANT SELECT, INSERT, UPDATE ON peyk.checkpoints TO peyk_projector;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA read_a, read_b TO peyk_projector;
GRANT EXECUTE ON FUNCTION read.activate(text, text), read.clear_idle(text) TO peyk_projector;
