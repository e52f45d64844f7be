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

CREATE FUNCTION consent.prove(run_id bigint, subject_no bigint, used boolean) RETURNS text
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	run record;
BEGIN
	SELECT r.run_id, r.closed_event INTO run FROM consent.run r WHERE r.run_id = $1;
	RETURN consent.use_proof($1, $2, $3, consent.receipt(run.run_id), consent.receipt(run.closed_event),
		consent.receipt(consent.fixing_event($2)));
END
$$;
COMMENT ON FUNCTION consent.prove(bigint, bigint, boolean) IS
'Part of prove_use() and prove_non_use(): the same for a subject by number';

CREATE FUNCTION consent.prove_use(run_id bigint, subject text) RETURNS text
	LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$ SELECT consent.prove($1, consent.subject_number($2), true) $$;
COMMENT ON FUNCTION consent.prove_use(bigint, text) IS
'Proof that a closed run used rows of a subject, and which: one line of text (docs/FORMAT.md), to be verified by consent-verify. Where parts of the run are missing there may be more rows. It holds her key and salt, so that whoever has it knows that it is about her, and nothing about anybody else. NULL for NULL. Errors: unknown run (42704) or subject (02000); 55000 if the run is not closed, if it used no row of hers, or if she is erased';

CREATE FUNCTION consent.prove_use(run_id bigint, subject bigint) RETURNS text
	LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$ SELECT consent.prove($1, consent.subject_number($2), true) $$;
COMMENT ON FUNCTION consent.prove_use(bigint, bigint) IS
'The same for subjects of type bigint';

CREATE FUNCTION consent.prove_use(run_id bigint, subject uuid) RETURNS text
	LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$ SELECT consent.prove($1, consent.subject_number($2), true) $$;
COMMENT ON FUNCTION consent.prove_use(bigint, uuid) IS
'The same for subjects of type uuid';

CREATE FUNCTION consent.prove_non_use(run_id bigint, subject text) RETURNS text
	LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$ SELECT consent.prove($1, consent.subject_number($2), false) $$;
COMMENT ON FUNCTION consent.prove_non_use(bigint, text) IS
'Proof that a closed run used no row of a subject: as prove_use(). It says that she is absent from this run as it was declared, not that nothing was read undeclared, copied, or used under another number. It decides nothing where no event of hers was in the log before the run was closed, since her place in it could have been chosen afterwards. NULL for NULL. Errors: unknown run (42704) or subject (02000); 55000 if the run is not closed or parts of it are missing, if it used rows of hers, or if she is erased';

CREATE FUNCTION consent.prove_non_use(run_id bigint, subject bigint) RETURNS text
	LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$ SELECT consent.prove($1, consent.subject_number($2), false) $$;
COMMENT ON FUNCTION consent.prove_non_use(bigint, bigint) IS
'The same for subjects of type bigint';

CREATE FUNCTION consent.prove_non_use(run_id bigint, subject uuid) RETURNS text
	LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$ SELECT consent.prove($1, consent.subject_number($2), false) $$;
COMMENT ON FUNCTION consent.prove_non_use(bigint, uuid) IS
'The same for subjects of type uuid';

/* ---- all runs ---- */

CREATE FUNCTION consent.never_used_head(subject_no bigint, checkpoint text, event text) RETURNS text
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 100 AS 'MODULE_PATHNAME', 'consent_never_used_head';
COMMENT ON FUNCTION consent.never_used_head(bigint, text, text) IS
'Part of prove_never_used(): its first line, with a checkpoint and the receipt of an event of the subject (NULL if there is none). NULL for a NULL subject or checkpoint';
CREATE FUNCTION consent.never_used_event(event_id bigint, leaf_index bigint, subject_no bigint) RETURNS text
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 10000 AS 'MODULE_PATHNAME', 'consent_never_used_event';
COMMENT ON FUNCTION consent.never_used_event(bigint, bigint, bigint) IS
'Part of prove_never_used(): the lines of an event of a run whose seal has this place in the log. 55000 if the event closes a run that used rows of the subject';

CREATE FUNCTION consent.never_used(subject_no bigint, checkpoint_size bigint) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	head  record;
	lines text;
BEGIN
	IF $1 IS NULL THEN
		RETURN NULL;
	END IF;
	SELECT c.size, c.note INTO head FROM consent.checkpoint c
	WHERE $2 IS NULL OR c.size = $2 ORDER BY c.size DESC LIMIT 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING
			ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = CASE WHEN $2 IS NULL THEN 'there is no checkpoint'
				ELSE format('there is no checkpoint of size %s', $2) END,
			HINT = 'Make one with CALL consent.checkpoint().';
	END IF;
	SELECT string_agg(consent.never_used_event(e.event_id, l.leaf_index, $1), '' ORDER BY l.leaf_index, e.event_id) INTO lines
	FROM consent.leaf l JOIN consent.seal s USING (seal_no)
	JOIN consent.event_log e ON e.event_id >= s.seal_no * 4096 AND e.event_id < (s.seal_no + 1) * 4096
	WHERE s.kind = 'run' AND l.leaf_index < head.size;
	RETURN consent.never_used_head($1, head.note, consent.receipt(consent.fixing_event($1)))
		|| coalesce(lines, '');
END
$$;
COMMENT ON FUNCTION consent.never_used(bigint, bigint) IS
'Part of prove_never_used(): the same for a subject by number';

CREATE FUNCTION consent.prove_never_used(subject text, checkpoint_size bigint DEFAULT NULL) RETURNS text
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$ SELECT consent.never_used(consent.subject_number($1), $2) $$;
COMMENT ON FUNCTION consent.prove_never_used(text, bigint) IS
'Proof that no run up to a checkpoint (NULL: the newest) used a row of a subject: a text of many lines (docs/FORMAT.md), to be verified by consent-verify with the exported log, which shows that it names every run. It opens all events of runs, also of those that are open or have parts missing, of which it decides nothing. NULL for a NULL subject. Errors: unknown subject (02000); 55000 if a run used rows of hers, if she is erased, or if there is no such checkpoint';

CREATE FUNCTION consent.prove_never_used(subject bigint, checkpoint_size bigint DEFAULT NULL) RETURNS text
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$ SELECT consent.never_used(consent.subject_number($1), $2) $$;
COMMENT ON FUNCTION consent.prove_never_used(bigint, bigint) IS
'The same for subjects of type bigint';

CREATE FUNCTION consent.prove_never_used(subject uuid, checkpoint_size bigint DEFAULT NULL) RETURNS text
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$ SELECT consent.never_used(consent.subject_number($1), $2) $$;
COMMENT ON FUNCTION consent.prove_never_used(uuid, bigint) IS
'The same for subjects of type uuid';
