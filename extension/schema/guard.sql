/*
 * guard.sql
 *		The ledger is append-only.
 *
 * This part follows those that make tables, so that none of them is forgotten.
 */

CREATE FUNCTION consent.refuse_change() RETURNS trigger
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'consent_refuse_change';
COMMENT ON FUNCTION consent.refuse_change() IS
'Trigger on every stored table: refuses INSERT, UPDATE, DELETE and TRUNCATE (55000), for superusers and replicas too. A restore, pg_upgrade and logical replication may insert';

CREATE FUNCTION consent.refuse_ddl() RETURNS event_trigger
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'consent_refuse_ddl';
COMMENT ON FUNCTION consent.refuse_ddl() IS
'Event trigger: refuses commands that change a relation of the ledger or what hangs on it (55000); only ALTER EXTENSION consent_ledger UPDATE may';

CREATE FUNCTION consent.reset_ledger() RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'consent_reset_ledger';
COMMENT ON FUNCTION consent.reset_ledger() IS
'Empties a ledger that was made for tests, and removes its throw-away keys; raises 55000 for any other ledger';

REVOKE EXECUTE ON FUNCTION consent.refuse_change(), consent.refuse_ddl(), consent.reset_ledger() FROM PUBLIC;

DO $$
DECLARE
	name text;
BEGIN
	FOR name IN
		SELECT c.relname FROM pg_catalog.pg_class c
		WHERE c.relnamespace = 'consent'::pg_catalog.regnamespace AND c.relkind = 'r'
		ORDER BY c.relname
	LOOP
		EXECUTE pg_catalog.format(
			'CREATE TRIGGER append_only BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON consent.%I
				FOR EACH STATEMENT EXECUTE FUNCTION consent.refuse_change()', name);
		EXECUTE pg_catalog.format('ALTER TABLE consent.%I ENABLE ALWAYS TRIGGER append_only', name);
	END LOOP;
END
$$;

CREATE EVENT TRIGGER consent_ledger_guard ON ddl_command_start EXECUTE FUNCTION consent.refuse_ddl();
ALTER EVENT TRIGGER consent_ledger_guard ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER consent_ledger_guard IS
'Refuses DDL on the consent ledger; a superuser who disables it can tamper with the ledger, and consent.verify() tells';
