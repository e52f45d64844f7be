/*
 * use.sql
 *		Runs and what they used.
 *
 * use/tables.h repeats the columns' order.
 */

CREATE TABLE consent.run (
	run_id         bigint PRIMARY KEY,
	name           text COLLATE "C" NOT NULL,
	purposes       text[] COLLATE "C" NOT NULL,
	recipient      text,
	model          text,
	base_runs      bigint[] NOT NULL,
	used_at        tstzrange,
	source         text COLLATE "C" NOT NULL,
	external_id    text COLLATE "C",
	opened_at      timestamptz NOT NULL,
	opened_by      text COLLATE "C" NOT NULL,
	closed_event   bigint,
	outcome        text COLLATE "C",
	closed_at      timestamptz,
	dataset_sha256 bytea,
	parts          integer,
	missing        integer,
	uses           bigint,
	hash           bytea,
	subjects       bigint,
	tree           bytea
);
COMMENT ON TABLE consent.run IS 'Uses of data: trainings, evaluations, disclosures. run_id is the id of the event that opened it; what begins with closed_event is filled in once, by close_run()';

CREATE TABLE consent.run_salt (
	run_id bigint PRIMARY KEY,
	salt   bytea NOT NULL
);
COMMENT ON TABLE consent.run_salt IS 'What the hashes of a run and its parts are salted with, so that an event about a small part lets nobody guess what is in it. Who checks manifests is told it, who is shown a proof is not';

-- A row appears here whatever becomes of the transaction that drew it.
CREATE TABLE consent.run_draw (
	run_id   bigint NOT NULL,
	draw_no  bigint NOT NULL,
	drawn_at timestamptz NOT NULL,
	drawn_by text COLLATE "C" NOT NULL,
	xid      xid8 NOT NULL,
	PRIMARY KEY (run_id, draw_no)
);
COMMENT ON TABLE consent.run_draw IS 'One row for each transaction that used something for a run, written at its first use and not taken back by ROLLBACK. Without a part of the same number, what it read is missing';

CREATE SEQUENCE consent.run_draw_no_seq;

CREATE TABLE consent.run_part (
	run_id      bigint NOT NULL,
	part        bigint NOT NULL,
	event_id    bigint NOT NULL,
	tables      text[] COLLATE "C" NOT NULL,
	uses        bigint NOT NULL,
	blocks      integer NOT NULL,
	hash        bytea NOT NULL,
	recorded_at timestamptz NOT NULL,
	PRIMARY KEY (run_id, part)
);
COMMENT ON TABLE consent.run_part IS 'What one transaction used for a run, sealed at its end by the event; hash is over its blocks';

CREATE TABLE consent.manifest_block (
	run_id        bigint NOT NULL,
	part          bigint NOT NULL,
	table_name    text COLLATE "C" NOT NULL,
	block_no      integer NOT NULL,
	first_subject bigint NOT NULL,
	last_subject  bigint NOT NULL,
	entries       integer NOT NULL,
	data          bytea NOT NULL,
	PRIMARY KEY (run_id, part, table_name, last_subject, block_no)
);
ALTER TABLE consent.manifest_block ALTER COLUMN data SET STORAGE PLAIN;
-- Whose uses are in which block, over all runs: by digits of the width of what it spans (use/one_subject.c)
CREATE INDEX manifest_block_span ON consent.manifest_block (pg_catalog.length((last_subject OPERATOR(pg_catalog.-) first_subject)::text), last_subject, first_subject);
COMMENT ON TABLE consent.manifest_block IS 'Uses, sorted by table, subject and row key, delta-coded: docs/FORMAT.md. Read them through the audit views';

CREATE TABLE consent.run_subtree (
	run_id   bigint NOT NULL,
	bucket   integer NOT NULL,
	leaves   integer NOT NULL,
	hash     bytea NOT NULL,
	subjects bytea NOT NULL,
	PRIMARY KEY (run_id, bucket)
);
COMMENT ON TABLE consent.run_subtree IS 'The prefix trees of closed runs (docs/FORMAT.md), by their subtrees of some 256 leaves: bucket is the first bits of their positions, subjects whose they are, as varints of the differences between their numbers. Proofs are made from it';

CREATE TABLE consent.erased_use (
	run_id     bigint NOT NULL,
	subject_no bigint NOT NULL,
	position   bytea NOT NULL,
	nonce      bytea NOT NULL,
	PRIMARY KEY (run_id, subject_no)
);
COMMENT ON TABLE consent.erased_use IS 'Where erased subjects stand in the trees of the runs that used their rows: without it, and without their salts, the trees could not be computed any more';

-- Restored rows keep their numbers; run_draw and manifest_block are dumped too,
-- or a restored run would look as if it had used nothing.
SELECT pg_catalog.pg_extension_config_dump('consent.run', '');
SELECT pg_catalog.pg_extension_config_dump('consent.run_salt', '');
SELECT pg_catalog.pg_extension_config_dump('consent.run_draw', '');
SELECT pg_catalog.pg_extension_config_dump('consent.run_part', '');
SELECT pg_catalog.pg_extension_config_dump('consent.manifest_block', '');
SELECT pg_catalog.pg_extension_config_dump('consent.run_subtree', '');
SELECT pg_catalog.pg_extension_config_dump('consent.erased_use', '');
SELECT pg_catalog.pg_extension_config_dump('consent.run_draw_no_seq', '');

/* ---- manifests ---- */

CREATE TYPE consent.manifest;

CREATE FUNCTION consent.manifest_in(cstring) RETURNS consent.manifest
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'consent_manifest_in';
COMMENT ON FUNCTION consent.manifest_in(cstring) IS 'Input: base64 of what consent.manifest() made. What is in it is checked when it is used: 22P02, 22P03';
CREATE FUNCTION consent.manifest_out(consent.manifest) RETURNS cstring
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'consent_manifest_out';
COMMENT ON FUNCTION consent.manifest_out(consent.manifest) IS 'Output in base64';
CREATE FUNCTION consent.manifest_recv(internal) RETURNS consent.manifest
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'consent_manifest_recv';
COMMENT ON FUNCTION consent.manifest_recv(internal) IS 'Binary input, of what send gave';
CREATE FUNCTION consent.manifest_send(consent.manifest) RETURNS bytea
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'consent_manifest_send';
COMMENT ON FUNCTION consent.manifest_send(consent.manifest) IS 'Binary output';

CREATE TYPE consent.manifest (
	INPUT = consent.manifest_in,
	OUTPUT = consent.manifest_out,
	RECEIVE = consent.manifest_recv,
	SEND = consent.manifest_send,
	ALIGNMENT = int4,
	STORAGE = external
);
COMMENT ON TYPE consent.manifest IS 'The complete, sorted set of what was read: table, row key, party and verdict, with the position in the ledger at which it was asked. Encrypted: only nodes that have the ledger can read it or make it. Made by the aggregate consent.manifest(), recorded by consent.record_use()';

CREATE FUNCTION consent.manifest_combine(consent.manifest, consent.manifest) RETURNS consent.manifest
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'consent_manifest_combine';
COMMENT ON FUNCTION consent.manifest_combine(consent.manifest, consent.manifest) IS 'Part of the aggregates manifest() and manifest_union()';

CREATE AGGREGATE consent.manifest_union(consent.manifest) (
	SFUNC = consent.manifest_combine,
	STYPE = consent.manifest,
	COMBINEFUNC = consent.manifest_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE consent.manifest_union(consent.manifest) IS 'One manifest of several, of shards or of ranges of keys; each use once, with its first verdict. NULLs are passed over. All must be for the same purposes (22023). 54000 above 256 MB: record them one by one instead. 22P03 for one that another ledger made, or that was changed on the way';
REVOKE ALL ON FUNCTION consent.manifest_union(consent.manifest) FROM PUBLIC;


CREATE FUNCTION consent.manifest_add(consent.manifest, text[], text, text, text[], timestamptz) RETURNS consent.manifest
	LANGUAGE c STABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'consent_manifest_add';
COMMENT ON FUNCTION consent.manifest_add(consent.manifest, text[], text, text, text[], timestamptz) IS 'Part of the aggregate manifest()';
CREATE AGGREGATE consent.manifest(purposes text[], table_name text, row_key text, parties text[], collected_at timestamptz) (
	SFUNC = consent.manifest_add,
	STYPE = consent.manifest,
	COMBINEFUNC = consent.manifest_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE consent.manifest(text[], text, text, text[], timestamptz) IS 'What is read, with the verdicts under the worst of the purposes: feed it each row that is used, permitted or not. Reads only, also in parallel and on a replica; record the result for a run with record_use(run_id, manifest). table_name: as protected; row_key: its text, of several columns ARRAY[a::text, b::text]::text; parties: in the subject type of the ledger, NULL elements are unknown people; collected_at: NULL if not known. NULL over no rows. 54000 above 256 MB, then GROUP BY';
REVOKE ALL ON FUNCTION consent.manifest(text[], text, text, text[], timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.manifest_add(consent.manifest, text[], text, text, bigint[], timestamptz) RETURNS consent.manifest
	LANGUAGE c STABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'consent_manifest_add';
COMMENT ON FUNCTION consent.manifest_add(consent.manifest, text[], text, text, bigint[], timestamptz) IS 'Part of the aggregate manifest()';
CREATE AGGREGATE consent.manifest(purposes text[], table_name text, row_key text, parties bigint[], collected_at timestamptz) (
	SFUNC = consent.manifest_add,
	STYPE = consent.manifest,
	COMBINEFUNC = consent.manifest_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE consent.manifest(text[], text, text, bigint[], timestamptz) IS 'The same for row keys of type text and subjects of type bigint';
REVOKE ALL ON FUNCTION consent.manifest(text[], text, text, bigint[], timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.manifest_add(consent.manifest, text[], text, text, uuid[], timestamptz) RETURNS consent.manifest
	LANGUAGE c STABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'consent_manifest_add';
COMMENT ON FUNCTION consent.manifest_add(consent.manifest, text[], text, text, uuid[], timestamptz) IS 'Part of the aggregate manifest()';
CREATE AGGREGATE consent.manifest(purposes text[], table_name text, row_key text, parties uuid[], collected_at timestamptz) (
	SFUNC = consent.manifest_add,
	STYPE = consent.manifest,
	COMBINEFUNC = consent.manifest_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE consent.manifest(text[], text, text, uuid[], timestamptz) IS 'The same for row keys of type text and subjects of type uuid';
REVOKE ALL ON FUNCTION consent.manifest(text[], text, text, uuid[], timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.manifest_add(consent.manifest, text[], text, bigint, text[], timestamptz) RETURNS consent.manifest
	LANGUAGE c STABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'consent_manifest_add';
COMMENT ON FUNCTION consent.manifest_add(consent.manifest, text[], text, bigint, text[], timestamptz) IS 'Part of the aggregate manifest()';
CREATE AGGREGATE consent.manifest(purposes text[], table_name text, row_key bigint, parties text[], collected_at timestamptz) (
	SFUNC = consent.manifest_add,
	STYPE = consent.manifest,
	COMBINEFUNC = consent.manifest_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE consent.manifest(text[], text, bigint, text[], timestamptz) IS 'The same for row keys of type bigint and subjects of type text';
REVOKE ALL ON FUNCTION consent.manifest(text[], text, bigint, text[], timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.manifest_add(consent.manifest, text[], text, bigint, bigint[], timestamptz) RETURNS consent.manifest
	LANGUAGE c STABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'consent_manifest_add';
COMMENT ON FUNCTION consent.manifest_add(consent.manifest, text[], text, bigint, bigint[], timestamptz) IS 'Part of the aggregate manifest()';
CREATE AGGREGATE consent.manifest(purposes text[], table_name text, row_key bigint, parties bigint[], collected_at timestamptz) (
	SFUNC = consent.manifest_add,
	STYPE = consent.manifest,
	COMBINEFUNC = consent.manifest_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE consent.manifest(text[], text, bigint, bigint[], timestamptz) IS 'The same for row keys of type bigint and subjects of type bigint';
REVOKE ALL ON FUNCTION consent.manifest(text[], text, bigint, bigint[], timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.manifest_add(consent.manifest, text[], text, bigint, uuid[], timestamptz) RETURNS consent.manifest
	LANGUAGE c STABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'consent_manifest_add';
COMMENT ON FUNCTION consent.manifest_add(consent.manifest, text[], text, bigint, uuid[], timestamptz) IS 'Part of the aggregate manifest()';
CREATE AGGREGATE consent.manifest(purposes text[], table_name text, row_key bigint, parties uuid[], collected_at timestamptz) (
	SFUNC = consent.manifest_add,
	STYPE = consent.manifest,
	COMBINEFUNC = consent.manifest_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE consent.manifest(text[], text, bigint, uuid[], timestamptz) IS 'The same for row keys of type bigint and subjects of type uuid';
REVOKE ALL ON FUNCTION consent.manifest(text[], text, bigint, uuid[], timestamptz) FROM PUBLIC;

CREATE FUNCTION consent.manifest_add(consent.manifest, record, text) RETURNS consent.manifest
	LANGUAGE c STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'consent_manifest_add_row';
COMMENT ON FUNCTION consent.manifest_add(consent.manifest, record, text) IS 'Part of the aggregate manifest()';
CREATE AGGREGATE consent.manifest(item record, purpose text) (
	SFUNC = consent.manifest_add,
	STYPE = consent.manifest,
	COMBINEFUNC = consent.manifest_combine,
	PARALLEL = SAFE
);
REVOKE ALL ON FUNCTION consent.manifest(record, text) FROM PUBLIC;
COMMENT ON AGGREGATE consent.manifest(record, text) IS 'The same for whole rows of a protected table and one purpose; reads long values of the row too';

/* ---- runs ---- */

CREATE FUNCTION consent.open_run(name text, purposes text[], recipient text DEFAULT NULL, model text DEFAULT NULL, base_runs bigint[] DEFAULT '{}', used_at tstzrange DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL)
RETURNS bigint
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'consent_open_run';
COMMENT ON FUNCTION consent.open_run(text, text[], text, text, bigint[], tstzrange, text, text) IS
'Open a run: a training, an evaluation, a disclosure to a recipient. Returns its id. purposes: each of them must permit. base_runs: runs whose result this one builds on. used_at: for a use in the past, from when to when it was; verdicts are then the worse of those at its start and at its last instant. source and external_id: the same again returns the same run, other content is an error (23505). Commit before using it. Errors: unknown purpose or base run (42704), a used_at that is empty, open or in the future (22023)';

CREATE FUNCTION consent.close_run(run_id bigint, outcome text DEFAULT 'completed', dataset_sha256 bytea DEFAULT NULL)
RETURNS bigint
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'consent_close_run';
COMMENT ON FUNCTION consent.close_run(bigint, text, bytea) IS
'Close a run and commit to all that it used; returns the id of the closing event. outcome: completed, failed or discarded. dataset_sha256: of the data set as it was delivered. Waits for transactions that still use it. Closing again in the same words returns the same id; in others it is an error (55000)';

/* ---- use ---- */

CREATE FUNCTION consent.record_use(run_id bigint, table_name text, row_key text, parties text[], collected_at timestamptz DEFAULT NULL)
RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE COST 50 SUPPORT consent.parties_support AS 'MODULE_PATHNAME', 'consent_record_use';
COMMENT ON FUNCTION consent.record_use(bigint, text, text, text[], timestamptz) IS
'For WHERE, by columns: true if every purpose of the run permits the row, which is then recorded as used when the transaction ends (rolled back, it shows as a missing part). Records what is examined: under LIMIT, or below a join that drops rows, more than is delivered. row_key: its text, of several columns ARRAY[a::text, b::text]::text. Errors: 42704 no such run or table, 55000 closed or opened by this very transaction, 25006 on a standby';
CREATE FUNCTION consent.record_use(run_id bigint, table_name text, row_key text, parties bigint[], collected_at timestamptz DEFAULT NULL)
RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE COST 50 SUPPORT consent.parties_support AS 'MODULE_PATHNAME', 'consent_record_use';
COMMENT ON FUNCTION consent.record_use(bigint, text, text, bigint[], timestamptz) IS 'The same for row keys of type text and subjects of type bigint';
CREATE FUNCTION consent.record_use(run_id bigint, table_name text, row_key text, parties uuid[], collected_at timestamptz DEFAULT NULL)
RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE COST 50 SUPPORT consent.parties_support AS 'MODULE_PATHNAME', 'consent_record_use';
COMMENT ON FUNCTION consent.record_use(bigint, text, text, uuid[], timestamptz) IS 'The same for row keys of type text and subjects of type uuid';
CREATE FUNCTION consent.record_use(run_id bigint, table_name text, row_key bigint, parties text[], collected_at timestamptz DEFAULT NULL)
RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE COST 50 SUPPORT consent.parties_support AS 'MODULE_PATHNAME', 'consent_record_use';
COMMENT ON FUNCTION consent.record_use(bigint, text, bigint, text[], timestamptz) IS 'The same for row keys of type bigint and subjects of type text';
CREATE FUNCTION consent.record_use(run_id bigint, table_name text, row_key bigint, parties bigint[], collected_at timestamptz DEFAULT NULL)
RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE COST 50 SUPPORT consent.parties_support AS 'MODULE_PATHNAME', 'consent_record_use';
COMMENT ON FUNCTION consent.record_use(bigint, text, bigint, bigint[], timestamptz) IS 'The same for row keys of type bigint and subjects of type bigint';
CREATE FUNCTION consent.record_use(run_id bigint, table_name text, row_key bigint, parties uuid[], collected_at timestamptz DEFAULT NULL)
RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE COST 50 SUPPORT consent.parties_support AS 'MODULE_PATHNAME', 'consent_record_use';
COMMENT ON FUNCTION consent.record_use(bigint, text, bigint, uuid[], timestamptz) IS 'The same for row keys of type bigint and subjects of type uuid';

CREATE FUNCTION consent.record_use(item record, run_id bigint)
RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE COST 100 SUPPORT consent.row_support AS 'MODULE_PATHNAME', 'consent_record_use_row';
COMMENT ON FUNCTION consent.record_use(record, bigint) IS 'The same for a whole row of a protected table: WHERE consent.record_use(m, run). False for NULL, as of an outer join: there is no row';

CREATE FUNCTION consent.record_use(run_id bigint, table_name text, row_keys text[], OUT added bigint, OUT already bigint, OUT missing bigint, OUT not_permitted bigint)
RETURNS record
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'consent_record_use_keys';
COMMENT ON FUNCTION consent.record_use(bigint, text, text[]) IS
'Report back by key what was used. The rows are read as the table''s owner, whatever a policy hides from the caller by now, and recorded with the verdicts they have, permitted or not: used is used. Counts distinct rows: added, recorded for this run already, missing (no such row: nothing is recorded), and not permitted among those there. Errors: 42P01 or 42703 if the table or a column of its declaration is gone';
CREATE FUNCTION consent.record_use(run_id bigint, table_name text, row_keys bigint[], OUT added bigint, OUT already bigint, OUT missing bigint, OUT not_permitted bigint)
RETURNS record
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'consent_record_use_keys';
COMMENT ON FUNCTION consent.record_use(bigint, text, bigint[]) IS 'The same for row keys of type bigint';
CREATE FUNCTION consent.record_use(run_id bigint, table_name text, row_keys uuid[], OUT added bigint, OUT already bigint, OUT missing bigint, OUT not_permitted bigint)
RETURNS record
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'consent_record_use_keys';
COMMENT ON FUNCTION consent.record_use(bigint, text, uuid[]) IS 'The same for row keys of type uuid';

CREATE FUNCTION consent.record_use(run_id bigint, manifest consent.manifest)
RETURNS bigint
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'consent_record_use_manifest';
COMMENT ON FUNCTION consent.record_use(bigint, consent.manifest) IS
'Record what a manifest holds for a run with the same purposes; returns the number of uses (rows by parties) in it, 0 for NULL. Subjects that changed after the manifest''s position are asked about again, all of them if it comes from another database system, by themselves and with what the row here tells of its collection: of a row that is not here the verdict stands where the new one would depend on that. For a run of the past all are asked about as of its used_at';

CREATE FUNCTION consent.draw_is_over(xid xid8) RETURNS boolean
	LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'consent_draw_is_over';
COMMENT ON FUNCTION consent.draw_is_over(xid8) IS
'Whether the transaction of a draw has ended; true for one of another cluster';

CREATE DOMAIN consent.used_run AS bigint CHECK (consent.only_by_triggers() IS NULL);
COMMENT ON DOMAIN consent.used_run IS 'The id of a run in consent.used_key; raises 55000 under session_replication_role = replica, where the view would take rows and record nothing';

CREATE VIEW consent.used_key AS
	SELECT NULL::consent.used_run AS run_id, NULL::text AS table_name, NULL::text AS row_key WHERE false;
COMMENT ON VIEW consent.used_key IS
'INSERT or COPY the keys of used rows into this view, one row each: the bulk form of record_use(run_id, table_name, row_keys). It shows nothing; a notice gives the counts if rows were missing or not permitted';

CREATE FUNCTION consent.used_key_statement() RETURNS trigger
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'consent_used_key_statement';
COMMENT ON FUNCTION consent.used_key_statement() IS 'Trigger of the view consent.used_key';
CREATE FUNCTION consent.used_key_row() RETURNS trigger
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'consent_used_key_row';
COMMENT ON FUNCTION consent.used_key_row() IS 'Trigger of the view consent.used_key';

CREATE TRIGGER statement_begins BEFORE INSERT ON consent.used_key
	FOR EACH STATEMENT EXECUTE FUNCTION consent.used_key_statement();
CREATE TRIGGER row_comes INSTEAD OF INSERT ON consent.used_key
	FOR EACH ROW EXECUTE FUNCTION consent.used_key_row();
CREATE TRIGGER statement_ends AFTER INSERT ON consent.used_key
	FOR EACH STATEMENT EXECUTE FUNCTION consent.used_key_statement();
