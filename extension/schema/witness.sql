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

CREATE TABLE consent.timestamp_authority (
	name        text COLLATE "C" PRIMARY KEY,
	certificate text COLLATE "C" NOT NULL,
	event_id    bigint NOT NULL
);
COMMENT ON TABLE consent.timestamp_authority IS 'Authorities whose time-stamps (RFC 3161) of our checkpoints are taken, by their certificates in PEM';

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
SELECT pg_catalog.pg_extension_config_dump('consent.timestamp_authority', '');
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

/* ---- time-stamps ---- */

CREATE FUNCTION consent.register_tsa(name text, certificate text)
RETURNS bigint AS 'MODULE_PATHNAME', 'consent_register_tsa'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.register_tsa(text, text) IS
'Take time-stamps (RFC 3161) by this authority from now on, and return the id of the event. certificate: its own, or that of who issued it, or several, as PEM; each is trusted. The same again changes nothing. Errors: 22023 for what cannot be read, 42710 for a name that has another certificate';

CREATE FUNCTION consent.timestamp_request(size bigint DEFAULT NULL)
RETURNS bytea AS 'MODULE_PATHNAME', 'consent_timestamp_request'
LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION consent.timestamp_request(bigint) IS
'The request (RFC 3161, DER, type application/timestamp-query) to stamp the time of a checkpoint: of the SHA-256 of its note''s text, with the certificate wanted. size: NULL is the newest. Errors: 42704 without such a checkpoint';

CREATE FUNCTION consent.add_timestamp(token bytea, size bigint DEFAULT NULL)
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_add_timestamp'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.add_timestamp(bytea, bigint) IS
'Keep a time-stamp (RFC 3161) of one of our checkpoints; false if it is kept already. token: the answer of the authority, or the token in it, in DER. size: of the checkpoint, NULL looks for it among the newest thousand. Checked are the imprint, the signature, and that the certificates are for time-stamping, lead to a registered one and were valid at its time. The newest that is kept bounds the time of later seals. Errors: 22023 for what is none of that, 22008 for a time in the future';

/* ---- what it proves ---- */

CREATE FUNCTION consent.proven_time(event_id bigint, OUT not_before timestamptz, OUT not_before_by text, OUT not_after timestamptz, OUT not_after_by text[], OUT recorded_at timestamptz, OUT leaf_index bigint)
RETURNS record AS 'MODULE_PATHNAME', 'consent_proven_time'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION consent.proven_time(bigint) IS
'When others'' signatures prove that an event was recorded. not_before: its seal embeds the hash of a cosignature or time-stamp of this time (less its accuracy), made by not_before_by; NULL: nothing bounds it from below. not_after: by then a checkpoint that covers it was stamped, or cosigned by the ledger''s quorum of witnesses (any, without a quorum), whose names are not_after_by; NULL: nothing yet. recorded_at: what the ledger itself says; verify() finds where it lies outside. leaf_index: its seal''s place in the log, NULL while it waits. Errors: 02000 for an unknown event';

CREATE FUNCTION consent.proven_order(a bigint, b bigint, OUT a_was text, OUT because text)
RETURNS record AS 'MODULE_PATHNAME', 'consent_proven_order'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 2000;
COMMENT ON FUNCTION consent.proven_order(bigint, bigint) IS
'Which of two events was recorded first, as far as that is proven: a_was before, after, or undecidable; because: by what. Proven is what hashes show, one''s seal embeds a checkpoint that covers the other''s, and what the bounds of proven_time() leave no doubt about. The places in the log alone prove nothing: the operator gives them. Errors: 02000 for an unknown event';

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
