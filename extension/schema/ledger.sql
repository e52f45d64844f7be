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
	last_declaration bigint NOT NULL
);
COMMENT ON TABLE consent.ledger IS 'What this ledger is: one row, made by create_ledger()';

CREATE TABLE consent.key (
	key_no      integer PRIMARY KEY,
	name        text COLLATE "C" NOT NULL,
	signs       text COLLATE "C" NOT NULL,
	vkey        text COLLATE "C" NOT NULL,
	event_id    bigint NOT NULL
);
COMMENT ON TABLE consent.key IS 'Public keys as note verifier keys; signs: checkpoint, seal or witness';

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
	CONSTRAINT subject_key UNIQUE (key),
	CONSTRAINT subject_suppression UNIQUE (suppression)
) WITH (fillfactor = 85);
COMMENT ON TABLE consent.subject IS 'People, by number; key and salt can be erased, the number and the commitment stay. The state is derived from the events';

CREATE TABLE consent.scope_state (
	subject_no  bigint NOT NULL,
	table_name  text COLLATE "C" NOT NULL,
	row_key     text COLLATE "C",
	state       consent.consent NOT NULL,
	CONSTRAINT scope_state_key UNIQUE NULLS NOT DISTINCT (subject_no, table_name, row_key)
) WITH (fillfactor = 85);
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
