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
