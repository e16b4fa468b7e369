-- The whole schema as statements in a fixed order, out of the catalogue: what stands there, not how it got there.
WITH spaces AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('peyk', 'read', 'read_a', 'read_b')
), tables AS (
    SELECT c.*, n.nspname FROM pg_class c JOIN spaces n ON n.oid = c.relnamespace WHERE c.relkind = 'r'
), statements (rank, name, sql) AS (
    SELECT 1, nspname, format('CREATE SCHEMA %I;', nspname) FROM spaces
    UNION ALL
    SELECT 2, t.nspname || '.' || t.relname, format(E'CREATE TABLE %I.%I (\n%s\n);', t.nspname, t.relname, (
        SELECT string_agg(format('    %I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
            coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')), E',\n' ORDER BY a.attnum)
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped))
    FROM tables t
    UNION ALL
    SELECT CASE contype WHEN 'f' THEN 4 ELSE 3 END, t.nspname || '.' || t.relname || '.' || k.conname,
        format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s;', t.nspname, t.relname, k.conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN tables t ON t.oid = k.conrelid
    UNION ALL
    SELECT 5, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) || ';'
    FROM pg_index i JOIN tables t ON t.oid = i.indrelid
    WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
    UNION ALL
    SELECT 6, t.nspname || '.' || t.relname,
        format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY;', t.nspname, t.relname)
    FROM tables t WHERE t.relrowsecurity
    UNION ALL
    -- After functions, which they may call.
    SELECT 14, p.schemaname || '.' || p.tablename || '.' || p.policyname,
        format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s USING (%s);', p.policyname, p.schemaname, p.tablename,
            p.permissive, p.cmd, array_to_string(p.roles, ', '), p.qual)
    FROM pg_policies p JOIN spaces n ON n.nspname = p.schemaname
    UNION ALL
    SELECT 8, n.nspname || '.' || v.relname, format(E'CREATE VIEW %I.%I WITH (%s) AS\n%s', n.nspname, v.relname,
        coalesce(array_to_string(v.reloptions, ', '), ''), pg_get_viewdef(v.oid))
    FROM pg_class v JOIN spaces n ON n.oid = v.relnamespace WHERE v.relkind = 'v'
    UNION ALL
    SELECT 12, format('%s.%s.%s', t.nspname, t.relname, lpad(a.attnum::text, 3, '0')),
        format('COMMENT ON COLUMN %I.%I.%I IS %L;', t.nspname, t.relname, a.attname, col_description(t.oid, a.attnum))
    FROM (
        SELECT oid, nspname, relname FROM tables
        UNION ALL
        SELECT v.oid, n.nspname, v.relname FROM pg_class v JOIN spaces n ON n.oid = v.relnamespace WHERE v.relkind = 'v'
    ) t JOIN pg_attribute a ON a.attrelid = t.oid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND col_description(t.oid, a.attnum) IS NOT NULL
    UNION ALL
    SELECT 9, n.nspname || '.' || p.proname, pg_get_functiondef(p.oid) || ';'
    FROM pg_proc p JOIN spaces n ON n.oid = p.pronamespace
    UNION ALL
    SELECT 13, format('%s.%s.%s', t.nspname, t.relname, g.tgname), pg_get_triggerdef(g.oid) || ';' || CASE g.tgenabled
        WHEN 'O' THEN ''
        WHEN 'A' THEN format(E'\nALTER TABLE %I.%I ENABLE ALWAYS TRIGGER %I;', t.nspname, t.relname, g.tgname)
        ELSE format(E'\n-- not enabled: %s', g.tgenabled) END
    FROM pg_trigger g JOIN tables t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal
    UNION ALL
    SELECT 10, p.oid::regprocedure::text, format('REVOKE ALL ON FUNCTION %s FROM PUBLIC;', p.oid::regprocedure)
    FROM pg_proc p JOIN spaces n ON n.oid = p.pronamespace
    WHERE NOT EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g WHERE g.grantee = 0)
    UNION ALL
    SELECT 11, kind || ' ' || name || ' ' || grantee, format('GRANT %s ON %s %s TO %s;', privileges, kind, name, grantee)
    FROM (
        SELECT o.kind, o.name, coalesce(quote_ident(r.rolname), 'PUBLIC') AS grantee,
            string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type) AS privileges
        FROM (
            SELECT 'SCHEMA' AS kind, quote_ident(n.nspname) AS name, n.nspacl AS acl, n.nspowner AS owner
            FROM pg_namespace n JOIN spaces USING (oid)
            UNION ALL
            SELECT 'TABLE', c.oid::regclass::text, c.relacl, c.relowner
            FROM pg_class c JOIN spaces n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v')
            UNION ALL
            SELECT 'FUNCTION', p.oid::regprocedure::text, p.proacl, p.proowner
            FROM pg_proc p JOIN spaces n ON n.oid = p.pronamespace
        ) o
        CROSS JOIN LATERAL aclexplode(o.acl) g
        LEFT JOIN pg_roles r ON r.oid = g.grantee
        WHERE g.grantee <> o.owner
        GROUP BY o.kind, o.name, r.rolname
    ) granted
)
SELECT sql FROM statements ORDER BY rank, name, sql
