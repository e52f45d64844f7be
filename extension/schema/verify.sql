/*
 * verify.sql
 *		Everything that is stored, compared with what was sealed.
 */

CREATE FUNCTION consent.verify(OUT kind text, OUT thing text, OUT expected text, OUT found text)
RETURNS SETOF record AS 'MODULE_PATHNAME', 'consent_verify'
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 1000000 ROWS 10;
COMMENT ON FUNCTION consent.verify() IS
'Compares everything that is stored with what was sealed: guards, keys, declarations, events, seals, evidence, subjects and their states, runs. One row per finding: the kind of thing, which one, what was sealed and what is stored (NULL: nothing); no row for a sound ledger. Reads all tables once, in bounded memory; tells every ten seconds how far it is. It trusts the keys of the first event: who holds the private keys could have made another ledger, which only cosignatures and other people''s receipts show. Raises 55000 if there is no ledger';
REVOKE EXECUTE ON FUNCTION consent.verify() FROM PUBLIC;
