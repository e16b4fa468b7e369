-- The two roles Peyk runs as. Whoever migrates owns every object and is neither of them.
--
-- Roles belong to the whole server while databases come and go beside each other, so a role is made only where it is
-- missing, and losing the race for making it is no error. They cannot log in until `peyk migrate` gives them passwords.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            -- COPY into a table with row level security needs a role that passes it by.
            ('peyk_projector', 'BYPASSRLS'),
            ('peyk_reader', 'NOBYPASSRLS')
        ) AS roles (name, row_security)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted.name) THEN
            BEGIN
                EXECUTE format(
                    'CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT %s',
                    wanted.name, wanted.row_security);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;

    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'peyk_reader' AND (rolsuper OR rolbypassrls)) THEN
        RAISE EXCEPTION 'role peyk_reader can pass row level security by'
            USING HINT = 'ALTER ROLE peyk_reader NOSUPERUSER NOBYPASSRLS';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'peyk_projector' AND rolbypassrls AND NOT rolsuper) THEN
        RAISE EXCEPTION 'role peyk_projector must pass row level security by and be no superuser'
            USING HINT = 'ALTER ROLE peyk_projector NOSUPERUSER BYPASSRLS';
    END IF;
END
$$;
