-- What must hold of everything that the extension brings. No rows is sound.
\set VERBOSITY terse
SET client_min_messages = warning;

CREATE TEMP VIEW member AS
	SELECT classid, objid FROM pg_depend
	WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
	  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'consent_ledger');
CREATE TEMP VIEW routine AS
	SELECT p.oid::regprocedure AS routine, l.lanname, p.*
	FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
	JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid;
CREATE TEMP VIEW stored AS
	SELECT c.* FROM pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid;

-- nothing is left in pg_catalog, or anywhere but in schema consent
SELECT pg_describe_object(classid, objid, 0) AS misplaced FROM member
WHERE (classid = 'pg_proc'::regclass AND (SELECT pronamespace FROM pg_proc WHERE oid = objid) <> 'consent'::regnamespace)
   OR (classid = 'pg_class'::regclass AND (SELECT relnamespace FROM pg_class WHERE oid = objid) <> 'consent'::regnamespace)
   OR (classid = 'pg_type'::regclass AND (SELECT typnamespace FROM pg_type WHERE oid = objid) <> 'consent'::regnamespace)
   OR (classid = 'pg_operator'::regclass AND (SELECT oprnamespace FROM pg_operator WHERE oid = objid) <> 'consent'::regnamespace)
   OR (classid = 'pg_opclass'::regclass AND (SELECT opcnamespace FROM pg_opclass WHERE oid = objid) <> 'consent'::regnamespace)
   OR (classid = 'pg_opfamily'::regclass AND (SELECT opfnamespace FROM pg_opfamily WHERE oid = objid) <> 'consent'::regnamespace)
ORDER BY 1;

-- every function, table, view and type says what it is
SELECT routine AS function_without_comment FROM routine WHERE obj_description(oid, 'pg_proc') IS NULL ORDER BY routine::text COLLATE "C";
SELECT oid::regclass AS relation_without_comment FROM stored
WHERE relkind IN ('r', 'v') AND obj_description(oid, 'pg_class') IS NULL ORDER BY relname COLLATE "C";

SELECT t.oid::regtype AS type_without_comment FROM pg_type t
JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
WHERE t.typtype IN ('b', 'e', 'd', 'r') AND t.typelem = 0 AND obj_description(t.oid, 'pg_type') IS NULL;

-- functions that resolve names pin how; those in C resolve none
SELECT routine AS search_path_not_pinned, proconfig FROM routine
WHERE (lanname IN ('sql', 'plpgsql') OR prosecdef)
  AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)
ORDER BY routine::text COLLATE "C";
SELECT routine AS c_function_with_settings, proconfig FROM routine
WHERE lanname = 'c' AND proconfig IS NOT NULL ORDER BY routine::text COLLATE "C";
SELECT routine AS language FROM routine WHERE lanname NOT IN ('c', 'sql', 'plpgsql', 'internal');
SELECT routine AS procedure_with_settings FROM routine WHERE prokind = 'p' AND proconfig IS NOT NULL;

-- what writes says so, and is for nobody who was not granted it
SELECT routine AS volatile_but_parallel FROM routine
WHERE provolatile = 'v' AND proparallel = 's' ORDER BY routine::text COLLATE "C";
SELECT routine AS open_to_all FROM routine, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
WHERE a.grantee = 0 AND (provolatile = 'v' OR prokind = 'p' OR prosecdef) ORDER BY routine::text COLLATE "C";
-- what reads is for nobody else either, but what only knows the time
SELECT DISTINCT proname AS reads_open_to_all FROM routine, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
WHERE a.grantee = 0 AND provolatile = 's' ORDER BY 1;
-- nor are aggregates over it: they are immutable by name, their functions are not
SELECT r.routine AS aggregate_open_to_all FROM routine r
JOIN pg_aggregate a ON a.aggfnoid = r.oid JOIN pg_proc f ON f.oid IN (a.aggtransfn, a.aggcombinefn, a.aggfinalfn)
CROSS JOIN aclexplode(coalesce(r.proacl, acldefault('f', r.proowner))) acl
WHERE acl.grantee = 0 AND f.provolatile <> 'i' ORDER BY r.routine::text COLLATE "C";
-- nothing claims to be leakproof
SELECT routine AS leakproof FROM routine WHERE proleakproof;
SELECT relname AS relation_open_to_all, a.privilege_type FROM stored, aclexplode(relacl) a WHERE a.grantee = 0 ORDER BY 1, 2;
SELECT 'schema' AS open_to_all FROM pg_namespace, aclexplode(nspacl) a WHERE nspname = 'consent' AND a.grantee = 0;

-- one owner
SELECT DISTINCT c.relname AS owned_by_another FROM stored c, pg_extension e WHERE e.extname = 'consent_ledger' AND c.relowner <> e.extowner;
SELECT routine AS owned_by_another FROM routine r, pg_extension e WHERE e.extname = 'consent_ledger' AND r.proowner <> e.extowner;

-- every table and sequence is dumped with its rows
SELECT c.relname AS not_dumped FROM stored c, pg_extension e
WHERE e.extname = 'consent_ledger' AND c.relkind IN ('r', 'S') AND c.oid <> ALL (coalesce(e.extconfig, '{}')) ORDER BY 1;
-- and restored in any order: no foreign keys, no row security, no triggers that write
SELECT conrelid::regclass AS foreign_key, conname FROM pg_constraint WHERE contype = 'f' AND (conrelid IN (SELECT oid FROM stored) OR confrelid IN (SELECT oid FROM stored));
SELECT relname AS row_security FROM stored WHERE relrowsecurity OR relforcerowsecurity;
SELECT tgrelid::regclass AS row_trigger_on_table, tgname FROM pg_trigger t JOIN stored c ON c.oid = t.tgrelid
WHERE c.relkind = 'r' AND NOT tgisinternal AND tgtype & 1 = 1;
SELECT relname AS unlogged FROM stored WHERE relpersistence <> 'p';
SELECT c.relname AS without_key FROM stored c
WHERE c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique) ORDER BY 1;

-- what is stored means the same in another database
SELECT c.relname, a.attname, format_type(a.atttypid, NULL) AS means_nothing_elsewhere
FROM stored c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND a.atttypid IN ('oid'::regtype, 'regclass'::regtype, 'regproc'::regtype, 'regprocedure'::regtype,
	'regtype'::regtype, 'regrole'::regtype, 'regnamespace'::regtype, 'name'::regtype, 'xid'::regtype, 'tid'::regtype)
ORDER BY 1, 2;
-- and compares the same under another locale
SELECT i.indexrelid::regclass AS index, a.attname AS collated
FROM stored c JOIN pg_index i ON i.indrelid = c.oid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
WHERE c.relkind = 'r' AND a.attcollation NOT IN (0, 'pg_catalog."C"'::regcollation) ORDER BY 1, 2;
