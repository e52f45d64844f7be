/*
 * protect.sql
 *		Tables whose rows belong to subjects: declared, followed, taken apart.
 */

CREATE FUNCTION consent.protect(rel regclass, parties name[], row_key name[] DEFAULT NULL,
	collected_at name DEFAULT NULL, rule text DEFAULT 'all', known_as text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_protect'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.protect(regclass, name[], name[], name, text, text) IS
'Declare that the rows of a table belong to subjects; returns the id of the event. parties: the columns that name them, of the ledger''s subject type. row_key: integer, uuid, text or varchar columns that tell rows apart, NULL for the primary key. collected_at: a timestamptz column that says when a row was collected, NULL if nothing does. rule: all (the worst party decides), any (the best) or first. known_as: the name under which the table is asked about, whatever it is renamed to, of 1 to 255 bytes; NULL for schema.table. The same again changes nothing; otherwise the newest declaration counts. Partitions are protected with their table. Errors: 42809 for what is not a table, 42703 and 42804 for columns, 42710 for a name that is taken and for a partition of what is protected already';
REVOKE ALL ON FUNCTION consent.protect(regclass, name[], name[], name, text, text) FROM PUBLIC;

CREATE FUNCTION consent.follow_renames()
RETURNS event_trigger AS 'MODULE_PATHNAME', 'consent_follow_renames'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.follow_renames() IS
'Event trigger, at the start and at the end of a command: when a protected table, its schema or a column of its declaration is renamed or moved, records the new names';
REVOKE ALL ON FUNCTION consent.follow_renames() FROM PUBLIC;

-- ALTER INDEX renames tables too, ALTER TYPE the columns of typed tables.
DO $$
DECLARE
	moment text;
	name   text;
BEGIN
	FOREACH moment IN ARRAY '{start, end}'::text[] LOOP
		name := 'consent_renames_' || moment;
		EXECUTE pg_catalog.format(
			'CREATE EVENT TRIGGER %I ON ddl_command_%s
				WHEN TAG IN (''ALTER TABLE'', ''ALTER INDEX'', ''ALTER FOREIGN TABLE'', ''ALTER TYPE'', ''ALTER SCHEMA'', ''ALTER EXTENSION'')
				EXECUTE FUNCTION consent.follow_renames()', name, moment);
		EXECUTE pg_catalog.format('ALTER EVENT TRIGGER %I ENABLE ALWAYS', name);
	END LOOP;
END
$$;

CREATE FUNCTION consent.row_key(VARIADIC parts text[])
RETURNS text AS 'MODULE_PATHNAME', 'consent_row_key'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.row_key(text[]) IS
'The text of a row key: of one column its text, of several the array literal of their texts, as in consent.row_key(tenant::text, id::text). NULL if a part is NULL';

/* ---- choices about one row ---- */

CREATE FUNCTION consent.opt_in(item record, purpose text, party text DEFAULT NULL, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_opt_in_item'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.opt_in(record, text, text, timestamptz, text, text, text, text, json, text, text) IS
'Record a yes about this row by the one of its parties who acted (party is required); returns the event''s id. A yes by one party does not speak for the others. The arguments after party are those of record_choices(). Errors: 22023 if party is none of the row';
REVOKE ALL ON FUNCTION consent.opt_in(record, text, text, timestamptz, text, text, text, text, json, text, text) FROM PUBLIC;

CREATE FUNCTION consent.opt_in(item record, purpose text, party bigint, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_opt_in_item'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.opt_in(record, text, bigint, timestamptz, text, text, text, text, json, text, text) IS
'Record a yes about this row by the one of its parties who acted (party is required); returns the event''s id. A yes by one party does not speak for the others. The arguments after party are those of record_choices(). Errors: 22023 if party is none of the row';
REVOKE ALL ON FUNCTION consent.opt_in(record, text, bigint, timestamptz, text, text, text, text, json, text, text) FROM PUBLIC;

CREATE FUNCTION consent.opt_in(item record, purpose text, party uuid, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_opt_in_item'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.opt_in(record, text, uuid, timestamptz, text, text, text, text, json, text, text) IS
'Record a yes about this row by the one of its parties who acted (party is required); returns the event''s id. A yes by one party does not speak for the others. The arguments after party are those of record_choices(). Errors: 22023 if party is none of the row';
REVOKE ALL ON FUNCTION consent.opt_in(record, text, uuid, timestamptz, text, text, text, text, json, text, text) FROM PUBLIC;

CREATE FUNCTION consent.opt_out(item record, purpose text, party text DEFAULT NULL, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_opt_out_item'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.opt_out(record, text, text, timestamptz, text, text, text, text, json, text, text) IS
'Record a no about this row: by one of its parties, or without party by somebody else for every party (act: revoked); returns the id of the (first) event. The arguments after party are those of record_choices(). Errors: 22023 if party is none of the row';
REVOKE ALL ON FUNCTION consent.opt_out(record, text, text, timestamptz, text, text, text, text, json, text, text) FROM PUBLIC;

CREATE FUNCTION consent.opt_out(item record, purpose text, party bigint, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_opt_out_item'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.opt_out(record, text, bigint, timestamptz, text, text, text, text, json, text, text) IS
'Record a no about this row: by one of its parties, or without party by somebody else for every party (act: revoked); returns the id of the (first) event. The arguments after party are those of record_choices(). Errors: 22023 if party is none of the row';
REVOKE ALL ON FUNCTION consent.opt_out(record, text, bigint, timestamptz, text, text, text, text, json, text, text) FROM PUBLIC;

CREATE FUNCTION consent.opt_out(item record, purpose text, party uuid, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_opt_out_item'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.opt_out(record, text, uuid, timestamptz, text, text, text, text, json, text, text) IS
'Record a no about this row: by one of its parties, or without party by somebody else for every party (act: revoked); returns the id of the (first) event. The arguments after party are those of record_choices(). Errors: 22023 if party is none of the row';
REVOKE ALL ON FUNCTION consent.opt_out(record, text, uuid, timestamptz, text, text, text, text, json, text, text) FROM PUBLIC;

/* ---- limiting a role ---- */

CREATE FUNCTION consent.gate(rel regclass, role name, purpose text)
RETURNS text AS 'MODULE_PATHNAME', 'consent_gate'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.gate(regclass, name, text) IS
'Limit a role to the rows of a protected table that may be used for a purpose: enables row-level security on it and makes (or replaces) the restrictive policy consent_gate_<role>, whose name is returned; where row-level security was off, also the permissive consent_gate_rows_<role>, which shows it all rows that the first one leaves. With the caller''s rights, who must own the table. The role needs SELECT on the table and a role of consent.grant_role() that may ask permits(). The owner (without FORCE ROW LEVEL SECURITY), superusers and BYPASSRLS roles are not limited: a warning says so. Nor are queries of partitions by their own names, and of views whose owner is not limited';
REVOKE ALL ON FUNCTION consent.gate(regclass, name, text) FROM PUBLIC;
