/*
 * gate.sql
 *		May this be used? permits(), verdict(), and why.
 */

/* ---- by columns, by subject, by row ---- */

CREATE FUNCTION consent.row_support(internal)
RETURNS internal AS 'MODULE_PATHNAME', 'consent_row_support'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.row_support(internal) IS
'Planner support of the functions of a whole row: of a row of a table in the query they are given the columns that the table''s declaration names, and NULL for the others';
REVOKE ALL ON FUNCTION consent.row_support(internal) FROM PUBLIC;

CREATE FUNCTION consent.parties_support(internal)
RETURNS internal AS 'MODULE_PATHNAME', 'consent_parties_support'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.parties_support(internal) IS
'Planner support of the functions of columns: parties given as ARRAY[...] are passed behind the other arguments, where no array is built of them for each row';
REVOKE ALL ON FUNCTION consent.parties_support(internal) FROM PUBLIC;

CREATE FUNCTION consent.subject_support(internal)
RETURNS internal AS 'MODULE_PATHNAME', 'consent_subject_support'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.subject_support(internal) IS
'Planner support of permits(subject, purpose): what part of the subjects permit the purpose, by a few pages of them; the functions of columns and of a row tell it too';
REVOKE ALL ON FUNCTION consent.subject_support(internal) FROM PUBLIC;

CREATE FUNCTION consent.permits(parties text[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_permits_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 20 SUPPORT consent.parties_support;
COMMENT ON FUNCTION consent.permits(text[], text, text, text, timestamptz) IS
'Whether a row of these parties may be used for a purpose now: the form for policies, views and large scans. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. By the party rule of the table, all without one; no parties, or NULL ones, are unknown. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.permits(text[], text, text, text, timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.permits(parties bigint[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_permits_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 20 SUPPORT consent.parties_support;
COMMENT ON FUNCTION consent.permits(bigint[], text, text, text, timestamptz) IS
'Whether a row of these parties may be used for a purpose now: the form for policies, views and large scans. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. By the party rule of the table, all without one; no parties, or NULL ones, are unknown. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.permits(bigint[], text, text, text, timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.permits(parties uuid[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_permits_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 20 SUPPORT consent.parties_support;
COMMENT ON FUNCTION consent.permits(uuid[], text, text, text, timestamptz) IS
'Whether a row of these parties may be used for a purpose now: the form for policies, views and large scans. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. By the party rule of the table, all without one; no parties, or NULL ones, are unknown. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.permits(uuid[], text, text, text, timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.permits(subject text, purpose text)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_permits_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 20 SUPPORT consent.subject_support;
COMMENT ON FUNCTION consent.permits(text, text) IS
'Whether a subject''s data may be used for a purpose now, whichever data it is: choices about tables, rows or data ranges do not cover. A NULL subject is unknown. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.permits(text, text) FROM PUBLIC;

CREATE FUNCTION consent.permits(subject bigint, purpose text)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_permits_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 20 SUPPORT consent.subject_support;
COMMENT ON FUNCTION consent.permits(bigint, text) IS
'Whether a subject''s data may be used for a purpose now, whichever data it is: choices about tables, rows or data ranges do not cover. A NULL subject is unknown. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.permits(bigint, text) FROM PUBLIC;

CREATE FUNCTION consent.permits(subject uuid, purpose text)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_permits_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 20 SUPPORT consent.subject_support;
COMMENT ON FUNCTION consent.permits(uuid, text) IS
'Whether a subject''s data may be used for a purpose now, whichever data it is: choices about tables, rows or data ranges do not cover. A NULL subject is unknown. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.permits(uuid, text) FROM PUBLIC;

CREATE FUNCTION consent.verdict(parties text[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL)
RETURNS consent.verdict AS 'MODULE_PATHNAME', 'consent_verdict_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.verdict(text[], text, text, text, timestamptz, timestamptz, timestamptz, bigint) IS
'The verdict on a row of these parties for a purpose. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.verdict(text[], text, text, text, timestamptz, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.verdict(parties bigint[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL)
RETURNS consent.verdict AS 'MODULE_PATHNAME', 'consent_verdict_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.verdict(bigint[], text, text, text, timestamptz, timestamptz, timestamptz, bigint) IS
'The verdict on a row of these parties for a purpose. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.verdict(bigint[], text, text, text, timestamptz, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.verdict(parties uuid[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL)
RETURNS consent.verdict AS 'MODULE_PATHNAME', 'consent_verdict_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.verdict(uuid[], text, text, text, timestamptz, timestamptz, timestamptz, bigint) IS
'The verdict on a row of these parties for a purpose. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.verdict(uuid[], text, text, text, timestamptz, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.verdict(subject text, purpose text,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL)
RETURNS consent.verdict AS 'MODULE_PATHNAME', 'consent_verdict_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.verdict(text, text, timestamptz, timestamptz, bigint) IS
'The verdict on a subject for a purpose, whichever data it is. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.verdict(text, text, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.verdict(subject bigint, purpose text,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL)
RETURNS consent.verdict AS 'MODULE_PATHNAME', 'consent_verdict_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.verdict(bigint, text, timestamptz, timestamptz, bigint) IS
'The verdict on a subject for a purpose, whichever data it is. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.verdict(bigint, text, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.verdict(subject uuid, purpose text,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL)
RETURNS consent.verdict AS 'MODULE_PATHNAME', 'consent_verdict_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.verdict(uuid, text, timestamptz, timestamptz, bigint) IS
'The verdict on a subject for a purpose, whichever data it is. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. Never NULL. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.verdict(uuid, text, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.permits(item record, purpose text)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_permits_item'
LANGUAGE C STABLE PARALLEL SAFE COST 100 SUPPORT consent.row_support;
COMMENT ON FUNCTION consent.permits(record, text) IS
'Whether a whole row of a protected table may be used for a purpose now, as in consent.permits(m, ''ai'') FROM messages m. Of a table''s row only the declared columns are read, unless the query has outer joins or grouping sets: then all of it, long values too. A NULL row is not permitted. Errors: 42P01 if its table is not protected, 42703 or 42804 if a declared column is gone or of another type';
REVOKE ALL ON FUNCTION consent.permits(record, text) FROM PUBLIC;

CREATE FUNCTION consent.verdict(item record, purpose text,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL)
RETURNS consent.verdict AS 'MODULE_PATHNAME', 'consent_verdict_item'
LANGUAGE C STABLE PARALLEL SAFE COST 100 SUPPORT consent.row_support;
COMMENT ON FUNCTION consent.verdict(record, text, timestamptz, timestamptz, bigint) IS
'The verdict on a whole row of a protected table for a purpose. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. A NULL row is unknown. Errors: 42P01 if its table is not protected, 42703 or 42804 if a declared column is gone or of another type';
REVOKE ALL ON FUNCTION consent.verdict(record, text, timestamptz, timestamptz, bigint) FROM PUBLIC;

/* ---- why ---- */

CREATE FUNCTION consent.explain(parties text[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL,
	OUT party text, OUT verdict consent.verdict, OUT event_id bigint, OUT notice text, OUT because text)
RETURNS SETOF record AS 'MODULE_PATHNAME', 'consent_explain_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 2;
COMMENT ON FUNCTION consent.explain(text[], text, text, text, timestamptz, timestamptz, timestamptz, bigint) IS
'Why verdict() answers as it does. One row a party: her verdict, the event that decided (NULL: none did), the notice it names, and the choice it made, from the events. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.explain(text[], text, text, text, timestamptz, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.explain(parties bigint[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL,
	OUT party text, OUT verdict consent.verdict, OUT event_id bigint, OUT notice text, OUT because text)
RETURNS SETOF record AS 'MODULE_PATHNAME', 'consent_explain_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 2;
COMMENT ON FUNCTION consent.explain(bigint[], text, text, text, timestamptz, timestamptz, timestamptz, bigint) IS
'Why verdict() answers as it does. One row a party: her verdict, the event that decided (NULL: none did), the notice it names, and the choice it made, from the events. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.explain(bigint[], text, text, text, timestamptz, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.explain(parties uuid[], purpose text, table_name text DEFAULT NULL,
	row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL,
	OUT party text, OUT verdict consent.verdict, OUT event_id bigint, OUT notice text, OUT because text)
RETURNS SETOF record AS 'MODULE_PATHNAME', 'consent_explain_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 2;
COMMENT ON FUNCTION consent.explain(uuid[], text, text, text, timestamptz, timestamptz, timestamptz, bigint) IS
'Why verdict() answers as it does. One row a party: her verdict, the event that decided (NULL: none did), the notice it names, and the choice it made, from the events. table_name: the name that the table was protected under; row_key: the row''s key as text, of several columns consent.row_key(); collected_at: when the row was collected; each NULL where it is not known, and then what was chosen about tables, rows or data ranges does not cover. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.explain(uuid[], text, text, text, timestamptz, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.explain(subject text, purpose text,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL,
	OUT party text, OUT verdict consent.verdict, OUT event_id bigint, OUT notice text, OUT because text)
RETURNS SETOF record AS 'MODULE_PATHNAME', 'consent_explain_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 1;
COMMENT ON FUNCTION consent.explain(text, text, timestamptz, timestamptz, bigint) IS
'Why verdict() answers as it does. One row a party: her verdict, the event that decided (NULL: none did), the notice it names, and the choice it made, from the events. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.explain(text, text, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.explain(subject bigint, purpose text,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL,
	OUT party text, OUT verdict consent.verdict, OUT event_id bigint, OUT notice text, OUT because text)
RETURNS SETOF record AS 'MODULE_PATHNAME', 'consent_explain_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 1;
COMMENT ON FUNCTION consent.explain(bigint, text, timestamptz, timestamptz, bigint) IS
'Why verdict() answers as it does. One row a party: her verdict, the event that decided (NULL: none did), the notice it names, and the choice it made, from the events. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.explain(bigint, text, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.explain(subject uuid, purpose text,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL,
	OUT party text, OUT verdict consent.verdict, OUT event_id bigint, OUT notice text, OUT because text)
RETURNS SETOF record AS 'MODULE_PATHNAME', 'consent_explain_subject'
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 1;
COMMENT ON FUNCTION consent.explain(uuid, text, timestamptz, timestamptz, bigint) IS
'Why verdict() answers as it does. One row a party: her verdict, the event that decided (NULL: none did), the notice it names, and the choice it made, from the events. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. Errors: 42704 for an unknown purpose, 42P01 for an unknown table, 22023 for a subject not canonically written, 42804 for one of another type than the ledger''s';
REVOKE ALL ON FUNCTION consent.explain(uuid, text, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.explain(item record, purpose text,
	at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL,
	OUT party text, OUT verdict consent.verdict, OUT event_id bigint, OUT notice text, OUT because text)
RETURNS SETOF record AS 'MODULE_PATHNAME', 'consent_explain_item'
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 2;
COMMENT ON FUNCTION consent.explain(record, text, timestamptz, timestamptz, bigint) IS
'Why verdict() answers as it does. One row a party: her verdict, the event that decided (NULL: none did), the notice it names, and the choice it made, from the events. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. Errors: 42P01 if its table is not protected, 42703 or 42804 if a declared column is gone or of another type';
REVOKE ALL ON FUNCTION consent.explain(record, text, timestamptz, timestamptz, bigint) FROM PUBLIC;

/* ---- what a subject chose ---- */

CREATE FUNCTION consent.choices_of(subject text, at timestamptz DEFAULT NULL,
	known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL)
RETURNS consent.consent AS 'MODULE_PATHNAME', 'consent_choices_of'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.choices_of(text, timestamptz, timestamptz, bigint) IS
'The choices of a subject that count, but for those about tables or rows; empty for one that the ledger does not know or that is erased. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. NULL for a NULL subject';
REVOKE ALL ON FUNCTION consent.choices_of(text, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.choices_of(subject bigint, at timestamptz DEFAULT NULL,
	known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL)
RETURNS consent.consent AS 'MODULE_PATHNAME', 'consent_choices_of'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.choices_of(bigint, timestamptz, timestamptz, bigint) IS
'The choices of a subject that count, but for those about tables or rows; empty for one that the ledger does not know or that is erased. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. NULL for a NULL subject';
REVOKE ALL ON FUNCTION consent.choices_of(bigint, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.choices_of(subject uuid, at timestamptz DEFAULT NULL,
	known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL)
RETURNS consent.consent AS 'MODULE_PATHNAME', 'consent_choices_of'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION consent.choices_of(uuid, timestamptz, timestamptz, bigint) IS
'The choices of a subject that count, but for those about tables or rows; empty for one that the ledger does not know or that is erased. at: as of when, NULL is now; known_at: by what was recorded until then, NULL is all of it; known_in, in place of it: by what the checkpoint of this size covers, which is exact and stays so, also where a transaction recorded early and committed late. NULL for a NULL subject';
REVOKE ALL ON FUNCTION consent.choices_of(uuid, timestamptz, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION consent.subject_key(subject text)
RETURNS text AS 'MODULE_PATHNAME', 'consent_subject_key'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.subject_key(text) IS
'The key of a subject as it is stored, a text. Errors: 22023 if it is not canonically written, 42804 if it is of another type than the ledger''s subjects';
REVOKE ALL ON FUNCTION consent.subject_key(text) FROM PUBLIC;

CREATE FUNCTION consent.history(subject text)
RETURNS SETOF consent.event
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT e.* FROM consent.event e
	WHERE e.subject = consent.subject_key($1)
	ORDER BY e.event_id
$$;
COMMENT ON FUNCTION consent.history(text) IS
'Every event of a subject, in the order of recording; none for one that the ledger does not know or that is erased';
REVOKE ALL ON FUNCTION consent.history(text) FROM PUBLIC;

CREATE FUNCTION consent.subject_key(subject bigint)
RETURNS text AS 'MODULE_PATHNAME', 'consent_subject_key'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.subject_key(bigint) IS
'The key of a subject as it is stored, a text. Errors: 22023 if it is not canonically written, 42804 if it is of another type than the ledger''s subjects';
REVOKE ALL ON FUNCTION consent.subject_key(bigint) FROM PUBLIC;

CREATE FUNCTION consent.history(subject bigint)
RETURNS SETOF consent.event
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT e.* FROM consent.event e
	WHERE e.subject = consent.subject_key($1)
	ORDER BY e.event_id
$$;
COMMENT ON FUNCTION consent.history(bigint) IS
'Every event of a subject, in the order of recording; none for one that the ledger does not know or that is erased';
REVOKE ALL ON FUNCTION consent.history(bigint) FROM PUBLIC;

CREATE FUNCTION consent.subject_key(subject uuid)
RETURNS text AS 'MODULE_PATHNAME', 'consent_subject_key'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.subject_key(uuid) IS
'The key of a subject as it is stored, a text. Errors: 22023 if it is not canonically written, 42804 if it is of another type than the ledger''s subjects';
REVOKE ALL ON FUNCTION consent.subject_key(uuid) FROM PUBLIC;

CREATE FUNCTION consent.history(subject uuid)
RETURNS SETOF consent.event
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT e.* FROM consent.event e
	WHERE e.subject = consent.subject_key($1)
	ORDER BY e.event_id
$$;
COMMENT ON FUNCTION consent.history(uuid) IS
'Every event of a subject, in the order of recording; none for one that the ledger does not know or that is erased';
REVOKE ALL ON FUNCTION consent.history(uuid) FROM PUBLIC;
