/*
 * ledger.sql
 *		What is stored, and the functions that record and show events.
 *
 * Names are text in COLLATE "C"; no OIDs and no foreign keys between stored
 * tables, so that the order of a restore and dropped tables do not matter.
 * ledger/tables.h repeats the columns' order.
 */

-- One row: what this ledger is. last_declaration names the newest declaration
-- and so tells every cache of what was declared whether it is still good.
CREATE TABLE consent.ledger (
	singleton        boolean PRIMARY KEY DEFAULT true CHECK (singleton),
	origin           text COLLATE "C" NOT NULL,
	subject_type     text COLLATE "C" NOT NULL,
	test             boolean NOT NULL,
	erased_subjects  bigint NOT NULL DEFAULT 0,
	last_declaration bigint NOT NULL,
	suppression_key  bytea NOT NULL
);
COMMENT ON TABLE consent.ledger IS 'What this ledger is: one row, made by create_ledger()';

CREATE TABLE consent.key (
	key_no      integer PRIMARY KEY,
	name        text COLLATE "C" NOT NULL,
	signs       text COLLATE "C" NOT NULL,
	vkey        text COLLATE "C" NOT NULL,
	event_id    bigint NOT NULL
);
COMMENT ON TABLE consent.key IS 'Public keys as note verifier keys; signs: checkpoint, seal or witness. Of those with one name and one use the newest is in force';

CREATE TABLE consent.key_revocation (
	vkey              text COLLATE "C" PRIMARY KEY,
	last_trusted_size bigint NOT NULL,
	event_id          bigint NOT NULL
);
COMMENT ON TABLE consent.key_revocation IS 'Keys that count no more: what they signed is trusted where a checkpoint of this size covers it';

CREATE TABLE consent.purpose (
	name        text COLLATE "C" PRIMARY KEY,
	parents     text[] COLLATE "C" NOT NULL,
	regime      text COLLATE "C" NOT NULL,
	title       text,
	since       timestamptz NOT NULL,
	event_id    bigint NOT NULL
);
COMMENT ON TABLE consent.purpose IS 'Purposes, a directed acyclic graph: the parents of a purpose are fixed when it is defined';

CREATE TABLE consent.notice (
	label        text COLLATE "C" PRIMARY KEY,
	name         text COLLATE "C" NOT NULL,
	version      text COLLATE "C" NOT NULL,
	sha256       bytea NOT NULL,
	body         text NOT NULL,
	purposes     text[] COLLATE "C" NOT NULL,
	stated_on    date,
	zone         text COLLATE "C",
	published_at timestamptz,
	language     text COLLATE "C",
	url          text COLLATE "C",
	recorded_at  timestamptz NOT NULL,
	event_id     bigint NOT NULL
);
COMMENT ON TABLE consent.notice IS 'Texts shown to people, known by the SHA-256 of their bytes; stated_on and published_at are claims, recorded_at is a fact';

CREATE TABLE consent.preset_rule (
	event_id     bigint PRIMARY KEY,
	ends         boolean NOT NULL,
	choices      consent.consent,
	purpose      text COLLATE "C",
	jurisdiction text COLLATE "C",
	notice       text COLLATE "C",
	event_time   timestamptz NOT NULL,
	recorded_at  timestamptz NOT NULL
);
COMMENT ON TABLE consent.preset_rule IS 'Choices switched on for everybody, and when that was ended; a preset is never consent';

CREATE TABLE consent.protected_table (
	known_as     text COLLATE "C" NOT NULL,
	event_id     bigint NOT NULL,
	schema_name  text COLLATE "C" NOT NULL,
	table_name   text COLLATE "C" NOT NULL,
	parties      text[] COLLATE "C" NOT NULL,
	row_key      text[] COLLATE "C" NOT NULL,
	collected_at text COLLATE "C",
	rule         text COLLATE "C" NOT NULL,
	PRIMARY KEY (known_as, event_id)
);
COMMENT ON TABLE consent.protected_table IS 'Application tables whose rows belong to subjects; the newest row of a name is in force, older ones tell of renames';

-- Half of each page is left free, so that a new version of a row stays in its
-- page even if all of them change, and needs no entries in the indexes.
CREATE TABLE consent.subject (
	subject_no      bigint PRIMARY KEY,
	key             text COLLATE "C",
	salt            bytea,
	commitment      bytea NOT NULL,
	state           consent.consent NOT NULL,
	jurisdiction    text COLLATE "C",
	jurisdiction_at timestamptz,
	scoped          boolean NOT NULL,
	suppression     bytea,
	CONSTRAINT subject_key UNIQUE (key)
) WITH (fillfactor = 50);
CREATE INDEX subject_suppression ON consent.subject (suppression) WHERE suppression IS NOT NULL;
COMMENT ON TABLE consent.subject IS 'People, by number; key and salt can be erased, the number and the commitment stay. The state is derived from the events';

CREATE TABLE consent.scope_state (
	subject_no  bigint NOT NULL,
	table_name  text COLLATE "C" NOT NULL,
	row_key     text COLLATE "C",
	state       consent.consent NOT NULL,
	CONSTRAINT scope_state_key UNIQUE NULLS NOT DISTINCT (subject_no, table_name, row_key)
) WITH (fillfactor = 85);
-- row_key may be NULL, so no key identifies a row to a logical subscriber.
ALTER TABLE consent.scope_state REPLICA IDENTITY FULL;
COMMENT ON TABLE consent.scope_state IS 'Current state of the choices about one table (row_key NULL) or one row; derived from the events';

CREATE TABLE consent.event_log (
	event_id      bigint PRIMARY KEY,
	kind          text COLLATE "C" NOT NULL,
	subject_no    bigint,
	commitment    bytea,
	choices       consent.consent,
	event_time    timestamptz NOT NULL,
	recorded_at   timestamptz NOT NULL,
	recorded_by   text COLLATE "C" NOT NULL,
	actor         text COLLATE "C",
	method        text COLLATE "C",
	notice        text COLLATE "C",
	jurisdiction  text COLLATE "C",
	evidence_hmac bytea,
	source        text COLLATE "C" NOT NULL,
	external_id   text COLLATE "C",
	table_name    text COLLATE "C",
	row_key       text COLLATE "C",
	detail        text COLLATE "C",
	nonce         bytea NOT NULL
);
CREATE INDEX event_log_subject ON consent.event_log (subject_no, event_id) WHERE subject_no IS NOT NULL;
CREATE UNIQUE INDEX event_log_external ON consent.event_log (source, external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE consent.event_log IS 'Every event, never changed: the columns are what is hashed and sealed. Read it through the view consent.event';

CREATE TABLE consent.evidence (
	event_id    bigint PRIMARY KEY,
	salt        bytea NOT NULL,
	body        text NOT NULL
);
COMMENT ON TABLE consent.evidence IS 'What came with an event; the event holds its HMAC under this salt. May be erased';

CREATE TABLE consent.seal (
	seal_no     bigint PRIMARY KEY,
	kind        text COLLATE "C" NOT NULL,
	count       integer NOT NULL,
	root        bytea NOT NULL,
	note        text COLLATE "C" NOT NULL
);
COMMENT ON TABLE consent.seal IS 'The signature over the events of one statement, or of a slice of a large one; event id = seal number x 4096 + place';

CREATE TABLE consent.seal_pending (
	seal_no     bigint PRIMARY KEY
);
COMMENT ON TABLE consent.seal_pending IS 'Seals that are not yet in the public log';

CREATE SEQUENCE consent.subject_no_seq;
CREATE SEQUENCE consent.seal_no_seq;

SELECT pg_catalog.pg_extension_config_dump('consent.ledger', '');
SELECT pg_catalog.pg_extension_config_dump('consent.key', '');
SELECT pg_catalog.pg_extension_config_dump('consent.key_revocation', '');
SELECT pg_catalog.pg_extension_config_dump('consent.purpose', '');
SELECT pg_catalog.pg_extension_config_dump('consent.notice', '');
SELECT pg_catalog.pg_extension_config_dump('consent.preset_rule', '');
SELECT pg_catalog.pg_extension_config_dump('consent.protected_table', '');
SELECT pg_catalog.pg_extension_config_dump('consent.subject', '');
SELECT pg_catalog.pg_extension_config_dump('consent.scope_state', '');
SELECT pg_catalog.pg_extension_config_dump('consent.event_log', '');
SELECT pg_catalog.pg_extension_config_dump('consent.evidence', '');
SELECT pg_catalog.pg_extension_config_dump('consent.seal', '');
SELECT pg_catalog.pg_extension_config_dump('consent.seal_pending', '');
SELECT pg_catalog.pg_extension_config_dump('consent.subject_no_seq', '');
SELECT pg_catalog.pg_extension_config_dump('consent.seal_no_seq', '');

/* ---- starting ---- */

CREATE FUNCTION consent.create_ledger(origin text, subject_type regtype DEFAULT 'text', test boolean DEFAULT false)
RETURNS text AS 'MODULE_PATHNAME', 'consent_create_ledger'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.create_ledger(text, regtype, boolean) IS
'Start the ledger of this database: makes its three keys (or adopts valid ones in consent_ledger.key_directory), records the first event and returns the checkpoint key as a note verifier key. origin: a name you own, such as example.org/consent. subject_type: text, bigint or uuid, the type of the application''s own key. test: throw-away keys, reset_ledger() allowed. NULL arguments: does nothing, returns NULL. Errors: 42710 if there is a ledger, 22023 for a bad origin or type';
REVOKE ALL ON FUNCTION consent.create_ledger(text, regtype, boolean) FROM PUBLIC;

/* ---- recording ---- */

CREATE FUNCTION consent.may_import()
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_may_import'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.may_import() IS
'A mark, not an action: who may execute it may record late events (event_time more than consent_ledger.max_lateness before the recording). Always true';
REVOKE ALL ON FUNCTION consent.may_import() FROM PUBLIC;

CREATE FUNCTION consent.record_choices(subject text, choices consent.consent, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL, table_name text DEFAULT NULL, row_key text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_record_choices'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.record_choices(text, consent.consent, timestamptz, text, text, text, text, json, text, text, text, text) IS
'Record what a subject chose, now or at a stated time; returns the event''s id. choices: for instance ''+ai_training, -ads''; their time is ''@'' in the choice or at, not both. at: when it happened, NULL is now; long ago only by an importer. actor: who acted: self, guardian, agent, admin, import or system; a yes by admin or system is recorded as a preset. notice: label of the notice shown. evidence: kept apart, the event holds its HMAC. source and external_id: the same content again returns the first id, other content is an error. table_name, row_key: a choice about one protected table''s rows, or about one row (its key as text; of several columns as consent.row_key() makes it). Errors: unknown purpose, notice or table; a time in the future (22008); a subject or row_key not canonically written (22023); an operator''s choice about somebody erased (55000)';
REVOKE ALL ON FUNCTION consent.record_choices(text, consent.consent, timestamptz, text, text, text, text, json, text, text, text, text) FROM PUBLIC;

CREATE FUNCTION consent.record_choices(subject bigint, choices consent.consent, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL, table_name text DEFAULT NULL, row_key text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_record_choices'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.record_choices(bigint, consent.consent, timestamptz, text, text, text, text, json, text, text, text, text) IS
'Record what a subject chose, now or at a stated time; returns the event''s id. choices: for instance ''+ai_training, -ads''; their time is ''@'' in the choice or at, not both. at: when it happened, NULL is now; long ago only by an importer. actor: who acted: self, guardian, agent, admin, import or system; a yes by admin or system is recorded as a preset. notice: label of the notice shown. evidence: kept apart, the event holds its HMAC. source and external_id: the same content again returns the first id, other content is an error. table_name, row_key: a choice about one protected table''s rows, or about one row (its key as text; of several columns as consent.row_key() makes it). Errors: unknown purpose, notice or table; a time in the future (22008); a subject or row_key not canonically written (22023); an operator''s choice about somebody erased (55000)';
REVOKE ALL ON FUNCTION consent.record_choices(bigint, consent.consent, timestamptz, text, text, text, text, json, text, text, text, text) FROM PUBLIC;

CREATE FUNCTION consent.record_choices(subject uuid, choices consent.consent, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL, table_name text DEFAULT NULL, row_key text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_record_choices'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.record_choices(uuid, consent.consent, timestamptz, text, text, text, text, json, text, text, text, text) IS
'Record what a subject chose, now or at a stated time; returns the event''s id. choices: for instance ''+ai_training, -ads''; their time is ''@'' in the choice or at, not both. at: when it happened, NULL is now; long ago only by an importer. actor: who acted: self, guardian, agent, admin, import or system; a yes by admin or system is recorded as a preset. notice: label of the notice shown. evidence: kept apart, the event holds its HMAC. source and external_id: the same content again returns the first id, other content is an error. table_name, row_key: a choice about one protected table''s rows, or about one row (its key as text; of several columns as consent.row_key() makes it). Errors: unknown purpose, notice or table; a time in the future (22008); a subject or row_key not canonically written (22023); an operator''s choice about somebody erased (55000)';
REVOKE ALL ON FUNCTION consent.record_choices(uuid, consent.consent, timestamptz, text, text, text, text, json, text, text, text, text) FROM PUBLIC;

CREATE FUNCTION consent.opt_in(subject text, purpose text, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL, table_name text DEFAULT NULL, row_key text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_opt_in'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.opt_in(text, text, timestamptz, text, text, text, text, json, text, text, text, text) IS
'Record a yes of a subject to one purpose; returns the event''s id. The arguments after purpose are those of record_choices()';
REVOKE ALL ON FUNCTION consent.opt_in(text, text, timestamptz, text, text, text, text, json, text, text, text, text) FROM PUBLIC;

CREATE FUNCTION consent.opt_in(subject bigint, purpose text, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL, table_name text DEFAULT NULL, row_key text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_opt_in'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.opt_in(bigint, text, timestamptz, text, text, text, text, json, text, text, text, text) IS
'Record a yes of a subject to one purpose; returns the event''s id. The arguments after purpose are those of record_choices()';
REVOKE ALL ON FUNCTION consent.opt_in(bigint, text, timestamptz, text, text, text, text, json, text, text, text, text) FROM PUBLIC;

CREATE FUNCTION consent.opt_in(subject uuid, purpose text, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL, table_name text DEFAULT NULL, row_key text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_opt_in'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.opt_in(uuid, text, timestamptz, text, text, text, text, json, text, text, text, text) IS
'Record a yes of a subject to one purpose; returns the event''s id. The arguments after purpose are those of record_choices()';
REVOKE ALL ON FUNCTION consent.opt_in(uuid, text, timestamptz, text, text, text, text, json, text, text, text, text) FROM PUBLIC;

CREATE FUNCTION consent.opt_out(subject text, purpose text, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL, table_name text DEFAULT NULL, row_key text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_opt_out'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.opt_out(text, text, timestamptz, text, text, text, text, json, text, text, text, text) IS
'Record a no of a subject to one purpose (act: opted_out); returns the event''s id. The arguments after purpose are those of record_choices()';
REVOKE ALL ON FUNCTION consent.opt_out(text, text, timestamptz, text, text, text, text, json, text, text, text, text) FROM PUBLIC;

CREATE FUNCTION consent.opt_out(subject bigint, purpose text, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL, table_name text DEFAULT NULL, row_key text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_opt_out'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.opt_out(bigint, text, timestamptz, text, text, text, text, json, text, text, text, text) IS
'Record a no of a subject to one purpose (act: opted_out); returns the event''s id. The arguments after purpose are those of record_choices()';
REVOKE ALL ON FUNCTION consent.opt_out(bigint, text, timestamptz, text, text, text, text, json, text, text, text, text) FROM PUBLIC;

CREATE FUNCTION consent.opt_out(subject uuid, purpose text, at timestamptz DEFAULT NULL, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL, jurisdiction text DEFAULT NULL, evidence json DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL, table_name text DEFAULT NULL, row_key text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_opt_out'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.opt_out(uuid, text, timestamptz, text, text, text, text, json, text, text, text, text) IS
'Record a no of a subject to one purpose (act: opted_out); returns the event''s id. The arguments after purpose are those of record_choices()';
REVOKE ALL ON FUNCTION consent.opt_out(uuid, text, timestamptz, text, text, text, text, json, text, text, text, text) FROM PUBLIC;

/* ---- erasing ---- */

CREATE FUNCTION consent.erase_subject(subject text, actor text DEFAULT 'self', method text DEFAULT NULL, evidence json DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_erase_subject'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.erase_subject(text, text, text, json) IS
'Erase who a subject is: her key, her salt and the evidence of her events; returns the id of the event that says so. Her number, her events and their seals stay and verify; a keyed hash of the key stays too, so that she is denied until she chooses anew. Does not reach backups, WAL, replicas, receipts or row keys. Errors: 02000 if she is unknown';
REVOKE ALL ON FUNCTION consent.erase_subject(text, text, text, json) FROM PUBLIC;

CREATE FUNCTION consent.erase_subject(subject bigint, actor text DEFAULT 'self', method text DEFAULT NULL, evidence json DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_erase_subject'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.erase_subject(bigint, text, text, json) IS
'Erase who a subject is: her key, her salt and the evidence of her events; returns the id of the event that says so. Her number, her events and their seals stay and verify; a keyed hash of the key stays too, so that she is denied until she chooses anew. Does not reach backups, WAL, replicas, receipts or row keys. Errors: 02000 if she is unknown';
REVOKE ALL ON FUNCTION consent.erase_subject(bigint, text, text, json) FROM PUBLIC;

CREATE FUNCTION consent.erase_subject(subject uuid, actor text DEFAULT 'self', method text DEFAULT NULL, evidence json DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_erase_subject'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.erase_subject(uuid, text, text, json) IS
'Erase who a subject is: her key, her salt and the evidence of her events; returns the id of the event that says so. Her number, her events and their seals stay and verify; a keyed hash of the key stays too, so that she is denied until she chooses anew. Does not reach backups, WAL, replicas, receipts or row keys. Errors: 02000 if she is unknown';
REVOKE ALL ON FUNCTION consent.erase_subject(uuid, text, text, json) FROM PUBLIC;

/* ---- the view: what is recorded, and the way in for bulk ---- */

CREATE FUNCTION consent.only_by_triggers()
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_only_by_triggers'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION consent.only_by_triggers() IS
'The default of what the ledger sets itself in consent.event: NULL. Raises 55000 under session_replication_role = replica, where the triggers that record would not fire';
REVOKE ALL ON FUNCTION consent.only_by_triggers() FROM PUBLIC;

CREATE FUNCTION consent.only_by_triggers_at()
RETURNS timestamptz AS 'MODULE_PATHNAME', 'consent_only_by_triggers'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION consent.only_by_triggers_at() IS
'consent.only_by_triggers() for a time';
REVOKE ALL ON FUNCTION consent.only_by_triggers_at() FROM PUBLIC;

CREATE VIEW consent.event AS
SELECT e.event_id,
       e.kind,
       s.key AS subject,
       e.choices,
       e.event_time,
       e.recorded_at,
       e.recorded_by,
       e.actor,
       e.method,
       e.notice,
       e.jurisdiction,
       v.body::json AS evidence,
       e.source,
       e.external_id,
       e.table_name,
       e.row_key,
       e.detail,
       e.subject_no
FROM consent.event_log e
LEFT JOIN consent.subject s ON s.subject_no = e.subject_no
LEFT JOIN consent.evidence v ON v.event_id = e.event_id;
COMMENT ON VIEW consent.event IS
'Every event, with its subject''s key while it is not erased. INSERT and COPY record choices: subject, choices, event_time, actor, method, notice, jurisdiction, evidence, source, external_id, table_name, row_key; RETURNING event_id gives the id';

ALTER VIEW consent.event ALTER COLUMN event_id SET DEFAULT consent.only_by_triggers();
ALTER VIEW consent.event ALTER COLUMN recorded_at SET DEFAULT consent.only_by_triggers_at();
ALTER VIEW consent.event ALTER COLUMN actor SET DEFAULT 'self';
ALTER VIEW consent.event ALTER COLUMN source SET DEFAULT '';

CREATE FUNCTION consent.event_insert()
RETURNS trigger AS 'MODULE_PATHNAME', 'consent_event_insert'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.event_insert() IS
'The trigger function of consent.event: opens an intake before the statement, records each row, seals after it';
REVOKE ALL ON FUNCTION consent.event_insert() FROM PUBLIC;

CREATE TRIGGER event_begin BEFORE INSERT ON consent.event
	FOR EACH STATEMENT EXECUTE FUNCTION consent.event_insert();
CREATE TRIGGER event_record INSTEAD OF INSERT ON consent.event
	FOR EACH ROW EXECUTE FUNCTION consent.event_insert();
CREATE TRIGGER event_seal AFTER INSERT ON consent.event
	FOR EACH STATEMENT EXECUTE FUNCTION consent.event_insert();
