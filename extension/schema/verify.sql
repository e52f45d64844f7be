/*
 * verify.sql
 *		Everything that is stored, compared with what was sealed.
 */

CREATE FUNCTION consent.verify(since text DEFAULT NULL, OUT kind text, OUT thing text, OUT expected text, OUT found text)
RETURNS SETOF record AS 'MODULE_PATHNAME', 'consent_verify'
LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10;
COMMENT ON FUNCTION consent.verify(text) IS
'Compares everything that is stored with what was sealed: guards, keys, declarations, events, seals, evidence, runs, subjects and their states, the log with its tiles, checkpoints and cosignatures, and the file outside the database. One row per finding: the kind of thing, which one, what was sealed and what is stored (NULL: nothing); no row for a sound ledger. since: a checkpoint of this log, as somebody kept it since an earlier call found nothing; then only what came after it is read, and that the log extends it. Subjects and their states, and runs of which nothing new was recorded, are not looked at then. Reads all tables once, in bounded memory, with up to max_parallel_maintenance_workers parallel workers where events and seals are larger than min_parallel_table_scan_size; what it finds does not depend on them. Tells every ten seconds how far it is. It trusts the keys of the first event: who holds the private keys could have made another ledger, which only cosignatures and other people''s receipts show. Raises 55000 if there is no ledger, 22023 if since is not a checkpoint of it';
REVOKE EXECUTE ON FUNCTION consent.verify(text) FROM PUBLIC;
