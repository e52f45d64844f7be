/*
 * log.sql
 *		The log over all seals, and Merkle trees for anybody to try.
 *
 * ledger/tables.h repeats the columns' order.
 */

/* ---- what is stored ---- */

CREATE TABLE consent.leaf (
	leaf_index  bigint PRIMARY KEY,
	seal_no     bigint NOT NULL,
	CONSTRAINT leaf_seal UNIQUE (seal_no)
);
COMMENT ON TABLE consent.leaf IS 'The entries of the log, from 0 without gaps: which seal stands where. The data of a leaf is the note of its seal';

CREATE TABLE consent.tile (
	level       smallint NOT NULL,
	tile_index  bigint NOT NULL,
	root        bytea NOT NULL,
	hashes      bytea NOT NULL,
	PRIMARY KEY (level, tile_index)
);
ALTER TABLE consent.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
COMMENT ON TABLE consent.tile IS 'Complete tiles (C2SP tlog-tiles) of the tree over the leaves: 256 hashes, and the root over them, which is a hash of the level above. Others are computed, see consent.tile()';

CREATE TABLE consent.checkpoint (
	size        bigint PRIMARY KEY,
	root        bytea NOT NULL,
	note        text COLLATE "C" NOT NULL,
	signed_at   timestamptz NOT NULL
);
COMMENT ON TABLE consent.checkpoint IS 'Signed heads of the log (C2SP tlog-checkpoint): the root of the tree over its first size leaves';

CREATE TABLE consent.cosignature (
	bound_no    bigint PRIMARY KEY,
	size        bigint NOT NULL,
	kind        text COLLATE "C" NOT NULL,
	name        text COLLATE "C" NOT NULL,
	stated_time timestamptz NOT NULL,
	evidence    bytea NOT NULL,
	hash        bytea NOT NULL,
	accepted_at timestamptz NOT NULL,
	CONSTRAINT cosignature_hash UNIQUE (hash)
);
CREATE INDEX cosignature_size ON consent.cosignature (size, bound_no);
COMMENT ON TABLE consent.cosignature IS 'What others said of the checkpoint of this size, by kind: cosignature, the signature line of a witness; timestamp, an RFC 3161 token. The SHA-256 of the newest is the bound in later seals';

SELECT pg_catalog.pg_extension_config_dump('consent.leaf', '');
SELECT pg_catalog.pg_extension_config_dump('consent.tile', '');
SELECT pg_catalog.pg_extension_config_dump('consent.checkpoint', '');
SELECT pg_catalog.pg_extension_config_dump('consent.cosignature', '');

/* ---- the log ---- */

CREATE PROCEDURE consent.checkpoint()
LANGUAGE C AS 'MODULE_PATHNAME', 'consent_checkpoint';
COMMENT ON PROCEDURE consent.checkpoint() IS
'Give all committed seals their places in the log and sign its head: a new row of the table consent.checkpoint. Commits between its steps, so it cannot run inside a transaction block (25001). Waits for another call that is under way; nothing new: nothing is signed. Raises 55000 when the log does not extend the last signed checkpoint, which is also kept in a file beside the keys, or when that file is missing; 25006 on a standby';

CREATE FUNCTION consent.check_fork(note text, OUT verdict text, OUT size bigint, OUT here bigint, OUT ours text, OUT detail text)
RETURNS record AS 'MODULE_PATHNAME', 'consent_check_fork'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION consent.check_fork(text) IS
'What this ledger says of a signed checkpoint that somebody brings. verdict: consistent, the log extends it; forked, at its size the log has another root: the key has signed two logs, and ours is a checkpoint of this one that shows it; lost, it has more leaves than the log: an older backup was restored, or another server signed; foreign, no key of this ledger has signed it. size: its leaves; here: those of the log. Raises 55000 if there is no ledger';

CREATE PROCEDURE consent.adopt_checkpoint(note text DEFAULT NULL)
LANGUAGE C AS 'MODULE_PATHNAME', 'consent_adopt_checkpoint';
COMMENT ON PROCEDURE consent.adopt_checkpoint(text) IS
'Go on after the file with the last signed checkpoint was lost, for certain that no later one was signed: records that as a declaration and writes the file anew. note: the last signed checkpoint, as a witness has it, say; NULL is the newest one in the database. Commits, so it cannot run inside a transaction block (25001). Raises 55000 if nothing is lost, or if the file is there and shows that the database has lost something; 22023 for what is not a checkpoint of this log, or not the last one';

CREATE FUNCTION consent.continue_as(new_origin text DEFAULT NULL, last_head text DEFAULT NULL)
RETURNS text AS 'MODULE_PATHNAME', 'consent_continue_as'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.continue_as(text, text) IS
'Go on after a real loss: when the log does not extend what was signed, it is signed from now on with a key of its own under another origin, which begins with what the database has. Records a declaration that names the last head of the lost log, and returns the new verifier key, which everybody who trusts the log must be told. new_origin: the ledger''s origin, a slash and a number from 2 on; NULL is the next. last_head: the last signed checkpoint; NULL is that in the file outside. Raises 55000 if nothing is lost or no last head is known, 22023 for another origin or a checkpoint that is not the last one';

CREATE FUNCTION consent.rotate_key(signs text DEFAULT 'seal')
RETURNS text AS 'MODULE_PATHNAME', 'consent_rotate_key'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.rotate_key(text) IS
'Give the ledger another key for seals, checkpoints or its work as a witness; returns it as a note verifier key, which everybody who checks must be told. Records a declaration with a note about both keys that both have signed. signs: seal, checkpoint or witness. Seals with greater numbers than that of the declaration, and checkpoints that cover it, are signed by the new key. For seals it waits for all transactions that have recorded, and others wait for its own: call it in a transaction of its own. The new key is in a file beside the old one, which stays for restored backups that need it. Raises 22023 for another use, 22004 for NULL, 55000 inside a statement that records, 58P01 if the old key''s file is missing';
REVOKE ALL ON FUNCTION consent.rotate_key(text) FROM PUBLIC;

CREATE FUNCTION consent.revoke_key(vkey text, last_trusted_size bigint)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_revoke_key'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.revoke_key(text, bigint) IS
'Declare that a key of this ledger may be in wrong hands, and return the id of the event: what it signed counts only where a checkpoint of last_trusted_size covers it, best one that witnesses cosigned; 0: nothing counts. verify() finds what it signed beyond; the declaration of its successor is not meant. Others must be told. Raises 42704 for another key or size, 55000 for the key in force, 42710 for one that is revoked already, 22004 for NULL';
REVOKE ALL ON FUNCTION consent.revoke_key(text, bigint) FROM PUBLIC;

CREATE FUNCTION consent.start_sequencer()
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_start_sequencer'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.start_sequencer() IS
'Start a background worker that does what CALL consent.checkpoint() does, every consent_ledger.checkpoint_interval seconds, until the server stops or the extension is dropped. False if one is at work in this database already. With shared_preload_libraries it starts by itself for the databases named in consent_ledger.database. Raises 53000 if no worker can be started, 25006 on a standby';

CREATE FUNCTION consent.tile(level integer, index bigint, width integer DEFAULT 256)
RETURNS bytea AS 'MODULE_PATHNAME', 'consent_tile'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION consent.tile(integer, bigint, integer) IS
'The first width hashes (1 to 256, of 32 bytes) of a tile of the log, as in C2SP tlog-tiles: level 0 holds the hashes of the leaves, a level above the roots of the complete tiles below. NULL where the newest checkpoint does not cover it. Errors: 22023 for a level outside 0 to 63, an index below 0, a width outside 1 to 256';

CREATE FUNCTION consent.entries(index bigint, width integer DEFAULT 256)
RETURNS bytea AS 'MODULE_PATHNAME', 'consent_entries'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION consent.entries(bigint, integer) IS
'The first width entries (1 to 256) of a bundle of the log, as in C2SP tlog-tiles: the notes of seals, each preceded by its length in two bytes. NULL where the newest checkpoint does not cover it. Errors: 22023 for an index below 0, a width outside 1 to 256';

CREATE FUNCTION consent.receipt(event_id bigint, identify boolean DEFAULT false, evidence boolean DEFAULT false)
RETURNS text AS 'MODULE_PATHNAME', 'consent_receipt'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION consent.receipt(bigint, boolean, boolean) IS
'A receipt of an event, in one line: the event, its seal, and the proof that the seal is in the log; or, while no checkpoint covers it, a promise that it will be within consent_ledger.include_within. Verified by consent-verify without the ledger. identify: with the subject''s key and salt, so that it shows whose event it is; evidence: with the text that came with the event. Errors: 02000 for an unknown event, an erased subject, missing evidence; 22023 to identify an event about nobody; 55000 for an event of this very transaction; 25006 for a promise by a standby';

CREATE FUNCTION consent.log_files(from_size bigint DEFAULT 0, size bigint DEFAULT NULL, OUT path text, OUT data bytea)
RETURNS SETOF record AS 'MODULE_PATHNAME', 'consent_log_files'
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION consent.log_files(bigint, bigint) IS
'The files of the log as a web server shows them to clients of C2SP tlog-tiles: path and content. from_size: of the checkpoint that is there already, then only what is new. size: of the checkpoint wanted; NULL is the newest, and without one there are no files. Written in the order given, bundles of entries, tiles, the checkpoint last, they are at no time inconsistent. Errors: 22023 if from_size is not between 0 and size, 42704 if size is not that of a checkpoint';

CREATE FUNCTION consent.export_files(from_size bigint DEFAULT 0, size bigint DEFAULT NULL, OUT path text, OUT data bytea)
RETURNS SETOF record AS 'MODULE_PATHNAME', 'consent_export_files'
LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 1000;
COMMENT ON FUNCTION consent.export_files(bigint, bigint) IS
'What the seals of the log are over, as files beside those of log_files(): bundles of events, the parts of runs and their draws (docs/FORMAT.md, full exports). Rows in turn with the same path are the pieces of one file. It shows everything but who the subjects are. from_size: of the checkpoint that is there already, then only what is new. size: of the checkpoint wanted; NULL is the newest. SELECT (f).* FROM (SELECT consent.export_files() AS f OFFSET 0) s streams it. Errors: 22023 if from_size is not between 0 and size, 42704 if size is not that of a checkpoint, XX001 where something is missing';

/* ---- Merkle trees (RFC 9162) over given leaves ---- */

CREATE FUNCTION consent.merkle_root(leaves bytea[])
RETURNS bytea AS 'MODULE_PATHNAME', 'consent_merkle_root'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION consent.merkle_root(bytea[]) IS
'Root of the Merkle tree (RFC 9162) over these leaves, given as data and hashed here; the SHA-256 of nothing for no leaves. Errors: 22004 for a NULL among them';

CREATE FUNCTION consent.merkle_inclusion(leaves bytea[], index bigint)
RETURNS bytea[] AS 'MODULE_PATHNAME', 'consent_merkle_inclusion'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION consent.merkle_inclusion(bytea[], bigint) IS
'Inclusion path (RFC 9162) of a leaf, counted from 0, in the tree over these leaves, from the bottom up. Errors: 22023 if there is no such leaf, 22004 for a NULL leaf';

CREATE FUNCTION consent.merkle_consistency(leaves bytea[], old_size bigint)
RETURNS bytea[] AS 'MODULE_PATHNAME', 'consent_merkle_consistency'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION consent.merkle_consistency(bytea[], bigint) IS
'Consistency path (RFC 9162) from the tree over the first old_size leaves to the tree over all; empty where that is the same. Errors: 22023 unless 0 < old_size <= the number of leaves, 22004 for a NULL leaf';

CREATE FUNCTION consent.verify_inclusion(root bytea, size bigint, index bigint, leaf_hash bytea, path bytea[])
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_verify_inclusion'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION consent.verify_inclusion(bytea, bigint, bigint, bytea, bytea[]) IS
'Does this path prove that the leaf with this hash is at this index of the tree with this root and size? False too for what is not a hash, and for a path that is longer than needed';

CREATE FUNCTION consent.verify_consistency(old_size bigint, new_size bigint, old_root bytea, new_root bytea, path bytea[])
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_verify_consistency'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION consent.verify_consistency(bigint, bigint, bytea, bytea, bytea[]) IS
'Does this path prove that the newer tree only adds leaves to the older one? False from size 0, from which nothing follows; false too for what is not a hash, and for a path that is longer than needed';
