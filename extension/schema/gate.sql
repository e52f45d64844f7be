/*
 * gate.sql
 *		May this be used? permits(), verdict(), and why.
 */

/* ---- by columns, by subject, by row ---- */

CREATE FUNCTION consent.permits(parties text[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_permits_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION consent.permits(text[], text, text, text, timestamptz) IS
'Whether a row of these parties may be used for a purpose now: the form for policies, views and large scans. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. By the party rule of the table, all without one; no parties, or NULL ones, are unknown. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.permits(text[], text, text, text, timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.permits(parties bigint[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_permits_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION consent.permits(bigint[], text, text, text, timestamptz) IS
'Whether a row of these parties may be used for a purpose now: the form for policies, views and large scans. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. By the party rule of the table, all without one; no parties, or NULL ones, are unknown. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.permits(bigint[], text, text, text, timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.permits(parties uuid[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_permits_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION consent.permits(uuid[], text, text, text, timestamptz) IS
'Whether a row of these parties may be used for a purpose now: the form for policies, views and large scans. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. By the party rule of the table, all without one; no parties, or NULL ones, are unknown. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.permits(uuid[], text, text, text, timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.permits(subject text, purpose text)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_permits_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION consent.permits(text, text) IS
'Whether a subject''s data may be used for a purpose now, whichever data it is: choices about tables, rows or data ranges do not cover. A NULL subject is unknown. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.permits(text, text) FROM PUBLIC;

CREATE FUNCTION consent.permits(subject bigint, purpose text)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_permits_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION consent.permits(bigint, text) IS
'Whether a subject''s data may be used for a purpose now, whichever data it is: choices about tables, rows or data ranges do not cover. A NULL subject is unknown. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.permits(bigint, text) FROM PUBLIC;

CREATE FUNCTION consent.permits(subject uuid, purpose text)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_permits_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION consent.permits(uuid, text) IS
'Whether a subject''s data may be used for a purpose now, whichever data it is: choices about tables, rows or data ranges do not cover. A NULL subject is unknown. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.permits(uuid, text) FROM PUBLIC;

CREATE FUNCTION consent.verdict(parties text[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL)
RETURNS consent.verdict AS 'MODULE_PATHNAME', 'consent_verdict_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.verdict(text[], text, text, text, timestamptz, timestamptz, timestamptz) IS
'The verdict on a row of these parties for a purpose. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.verdict(text[], text, text, text, timestamptz, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.verdict(parties bigint[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL)
RETURNS consent.verdict AS 'MODULE_PATHNAME', 'consent_verdict_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.verdict(bigint[], text, text, text, timestamptz, timestamptz, timestamptz) IS
'The verdict on a row of these parties for a purpose. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.verdict(bigint[], text, text, text, timestamptz, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.verdict(parties uuid[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL)
RETURNS consent.verdict AS 'MODULE_PATHNAME', 'consent_verdict_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.verdict(uuid[], text, text, text, timestamptz, timestamptz, timestamptz) IS
'The verdict on a row of these parties for a purpose. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.verdict(uuid[], text, text, text, timestamptz, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.verdict(subject text, purpose text,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL)
RETURNS consent.verdict AS 'MODULE_PATHNAME', 'consent_verdict_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.verdict(text, text, timestamptz, timestamptz) IS
'The verdict on a subject for a purpose, whichever data it is. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.verdict(text, text, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.verdict(subject bigint, purpose text,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL)
RETURNS consent.verdict AS 'MODULE_PATHNAME', 'consent_verdict_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.verdict(bigint, text, timestamptz, timestamptz) IS
'The verdict on a subject for a purpose, whichever data it is. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.verdict(bigint, text, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.verdict(subject uuid, purpose text,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL)
RETURNS consent.verdict AS 'MODULE_PATHNAME', 'consent_verdict_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.verdict(uuid, text, timestamptz, timestamptz) IS
'The verdict on a subject for a purpose, whichever data it is. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.verdict(uuid, text, timestamptz, timestamptz) FROM PUBLIC;
