/*
 * prove.sql
 *		What runs used, proved to one subject at a time.
 *
 * Runs and the log do not know each other: here the receipts of the one are put
 * into the proofs of the other.
 */

CREATE FUNCTION consent.use_proof(run_id bigint, subject_no bigint, used boolean, opened text, closed text, event text)
RETURNS text
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 AS 'MODULE_PATHNAME', 'consent_use_proof';
COMMENT ON FUNCTION consent.use_proof(bigint, bigint, boolean, text, text, text) IS
'Part of prove_use() and prove_non_use(): the proof with these receipts, of the run''s opening, its closing and an event of the subject (NULL if there is none). NULL for a NULL run, subject or used';

CREATE FUNCTION consent.subject_number(subject text) RETURNS bigint
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'consent_subject_number';
COMMENT ON FUNCTION consent.subject_number(text) IS
'The number of a subject of whom something can be proved. Errors: unknown to the ledger (02000), erased (55000)';
CREATE FUNCTION consent.subject_number(subject bigint) RETURNS bigint
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'consent_subject_number';
COMMENT ON FUNCTION consent.subject_number(bigint) IS 'The same for subjects of type bigint';
CREATE FUNCTION consent.subject_number(subject uuid) RETURNS bigint
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'consent_subject_number';
COMMENT ON FUNCTION consent.subject_number(uuid) IS 'The same for subjects of type uuid';

CREATE FUNCTION consent.fixing_event(subject_no bigint) RETURNS bigint
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
	SELECT e.event_id
	FROM consent.event_log e LEFT JOIN consent.leaf l ON l.seal_no = e.event_id / 4096
	WHERE e.subject_no = $1
	ORDER BY l.leaf_index NULLS LAST, e.event_id
	LIMIT 1
$$;
COMMENT ON FUNCTION consent.fixing_event(bigint) IS
'The event of a subject that came into the log first: from there on her commitment, and so her salt, is fixed. NULL if no event is about her';

/* ---- all runs ---- */

CREATE FUNCTION consent.never_used_head(subject_no bigint, checkpoint text, event text) RETURNS text
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 100 AS 'MODULE_PATHNAME', 'consent_never_used_head';
COMMENT ON FUNCTION consent.never_used_head(bigint, text, text) IS
'Part of prove_never_used(): its first line, with a checkpoint and the receipt of an event of the subject (NULL if there is none). NULL for a NULL subject or checkpoint';
CREATE FUNCTION consent.never_used_event(event_id bigint, leaf_index bigint, subject_no bigint) RETURNS text
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 10000 AS 'MODULE_PATHNAME', 'consent_never_used_event';
COMMENT ON FUNCTION consent.never_used_event(bigint, bigint, bigint) IS
'Part of prove_never_used(): the lines of an event of a run whose seal has this place in the log. 55000 if the event closes a run that used rows of the subject';
