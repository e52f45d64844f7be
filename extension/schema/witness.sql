/*
 * witness.sql
 *		Those who watch the log and sign what they saw, and watching others.
 *
 * ledger/tables.h repeats the columns' order.
 */

CREATE TABLE consent.witness (
	vkey      text COLLATE "C" PRIMARY KEY,
	name      text COLLATE "C" NOT NULL,
	url       text COLLATE "C",
	event_id  bigint NOT NULL
);
COMMENT ON TABLE consent.witness IS 'Witnesses whose cosignatures of our checkpoints are taken, by their verifier keys; url: where they take requests (C2SP tlog-witness)';

CREATE TABLE consent.witness_quorum (
	event_id  bigint PRIMARY KEY,
	quorum    integer NOT NULL,
	witnesses text[] COLLATE "C" NOT NULL
);
COMMENT ON TABLE consent.witness_quorum IS 'How many of which witnesses must have cosigned a checkpoint; the newest row counts';

CREATE TABLE consent.witnessed_log (
	vkey      text COLLATE "C" PRIMARY KEY,
	origin    text COLLATE "C" NOT NULL,
	event_id  bigint NOT NULL
);
COMMENT ON TABLE consent.witnessed_log IS 'Logs of others that this ledger is a witness of, by their verifier keys';

CREATE TABLE consent.witnessed (
	origin    text COLLATE "C",
	size      bigint,
	root      bytea NOT NULL,
	note      text COLLATE "C" NOT NULL,
	stored_at timestamptz NOT NULL,
	PRIMARY KEY (origin, size)
);
COMMENT ON TABLE consent.witnessed IS 'Checkpoints of others that were cosigned here; the largest of an origin is what the next one must extend';

SELECT pg_catalog.pg_extension_config_dump('consent.witness', '');
SELECT pg_catalog.pg_extension_config_dump('consent.witness_quorum', '');
SELECT pg_catalog.pg_extension_config_dump('consent.witnessed_log', '');
SELECT pg_catalog.pg_extension_config_dump('consent.witnessed', '');

/* ---- witnesses of ours ---- */

CREATE FUNCTION consent.register_witness(vkey text, url text DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_register_witness'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.register_witness(text, text) IS
'Take cosignatures by this key from now on, and return the id of the event. vkey: a verifier key of type 04 (C2SP tlog-cosignature); small-order and non-canonical keys are refused. url: where the witness takes requests. A key that is registered already changes nothing. Errors: 22023 for another kind of key, or our own';

CREATE FUNCTION consent.set_witness_quorum(quorum integer, witnesses text[] DEFAULT NULL)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_set_witness_quorum'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.set_witness_quorum(integer, text[]) IS
'Say how many of which witnesses must have cosigned a checkpoint for it to count, and return the id of the event. witnesses: names; NULL is all that are registered by now. quorum 0: none is needed. Whoever verifies has a policy of her own; this one is what the operator aims at. Errors: 42704 for a name that is not registered, 22023 for more than there are';

CREATE FUNCTION consent.witness_policy()
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH newest AS (
		SELECT DISTINCT ON (w.name) w.name, w.vkey, w.url FROM consent.witness w ORDER BY w.name, w.event_id DESC
	), rule AS (
		SELECT q.quorum, q.witnesses FROM consent.witness_quorum q ORDER BY q.event_id DESC LIMIT 1
	)
	SELECT (SELECT string_agg('log ' || k.vkey || E'\n', '' ORDER BY k.key_no) FROM consent.key k WHERE k.signs = 'checkpoint')
		|| coalesce((SELECT string_agg('witness ' || n.name || ' ' || n.vkey || coalesce(' ' || n.url, '') || E'\n', '' ORDER BY n.name) FROM newest n), '')
		|| coalesce((SELECT format(E'group ledger/quorum %s %s\nquorum ledger/quorum\n', r.quorum, array_to_string(r.witnesses, ' '))
			FROM rule r WHERE r.quorum > 0), E'quorum none\n')
$$;
COMMENT ON FUNCTION consent.witness_policy() IS
'The ledger''s keys, witnesses and quorum as a trust policy (C2SP tlog-policy), as consent-verify takes it; NULL without a ledger. Whoever does not trust the operator compares the keys with what she has from elsewhere';

CREATE FUNCTION consent.add_checkpoint_request(old_size bigint DEFAULT 0, size bigint DEFAULT NULL)
RETURNS text AS 'MODULE_PATHNAME', 'consent_add_checkpoint_request'
LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION consent.add_checkpoint_request(bigint, bigint) IS
'The body of a request (C2SP tlog-witness add-checkpoint) to cosign a checkpoint. old_size: the size that the witness knows, 0 if none; it says so in its answer 409 where it is another. size: of the checkpoint, NULL is the newest. Errors: 42704 without such a checkpoint, 22023 if it does not extend old_size';

CREATE FUNCTION consent.add_cosignature(note text, size bigint DEFAULT NULL)
RETURNS integer AS 'MODULE_PATHNAME', 'consent_add_cosignature'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.add_cosignature(text, bigint) IS
'Keep the cosignatures of registered witnesses on one of our checkpoints, and return how many were new. note: the checkpoint with its cosignatures, or the signature lines alone that a witness answered with; these are about the checkpoint of the given size, NULL is the newest. Signatures by others are passed over. The newest that is kept bounds the time of later seals. Errors: 22023 for a note that is none of ours, that no registered witness has cosigned, or in which one of them is forged; 22008 for a time in the future';

/* ---- being a witness ---- */

CREATE FUNCTION consent.register_log(vkey text)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_register_log'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.register_log(text) IS
'Be a witness of the log whose key this is, and return the id of the event; NULL: does nothing, returns NULL. vkey: a verifier key of type 01 whose name is the log''s origin; several keys of one origin may be registered. One that is registered already changes nothing. Errors: 22023 for another kind of key';

CREATE PROCEDURE consent.witness(request text, INOUT status integer DEFAULT NULL, INOUT body text DEFAULT NULL)
LANGUAGE C AS 'MODULE_PATHNAME', 'consent_witness';
COMMENT ON PROCEDURE consent.witness(text, integer, text) IS
'Answer a request to cosign a checkpoint of a registered log (C2SP tlog-witness add-checkpoint). request: the body; status: what HTTP would say, 200, 400, 403, 404, 409 or 422; body: the cosignature line, for 409 the size that is known, else why not. The checkpoint is stored and committed before it is cosigned, so it cannot run inside a transaction block (25001)';
