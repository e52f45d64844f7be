/*
 * roles.sql
 *		Who may do what: five sets of privileges, and nothing for PUBLIC.
 *
 * The sets are ordinary privileges: pg_dump keeps them and \dp shows them.
 */

CREATE FUNCTION consent.role_privileges(which text)
RETURNS TABLE (privilege text, object text, routine regprocedure)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH routines(roles, names) AS (VALUES
		-- what happens now, and whether something may be used
		('{recorder, importer}'::text[],
		 '{record_choices, opt_in, opt_out, serve_notice, acting, only_by_triggers, only_by_triggers_at}'::text[]),
		('{recorder, importer, admin}', '{track}'),
		-- what happened earlier
		('{importer}', '{import_setting}'),
		('{importer, admin}', '{may_import}'),
		-- a yes or no
		('{recorder, importer, trainer, auditor, admin}', '{permits}'),
		-- use
		('{trainer}', '{open_run, record_use, close_run, manifest, manifest_union, only_by_triggers}'),
		-- questions about people
		('{auditor}',
		 '{verdict, explain, choices_of, history, subject_key, uses_of, withdrawn_uses, preset_uses,
		   unpermitted_uses, retroactive_uses, collected_before_notice, unclosed_runs,
		   silent_notice_changes, late_events, settings_without_event, verify,
		   run_uses, key_of_subject, deciding_event, subject_verdict, draw_is_over, tracked_settings, compare_settings,
		   use_proof, subject_number, fixing_event, prove, prove_use, prove_non_use,
		   never_used_head, never_used_event, never_used, prove_never_used, export_files}'),
		-- the log, which is for everybody who is shown it
		('{auditor, admin}', '{tile, entries, log_files, check_fork, receipt, witness_policy, add_checkpoint_request, timestamp_request, proven_time, proven_order}'),
		-- what is declared, and signed
		('{admin}',
		 '{checkpoint, adopt_checkpoint, continue_as, rotate_key, revoke_key, start_sequencer, create_ledger, reset_ledger, define_purpose, publish_notice, set_preset,
		   end_preset, protect, gate, erase_subject,
		   register_witness, set_witness_quorum, add_cosignature, register_tsa, add_timestamp, register_log, witness}')
	), relations(roles, privilege, names) AS (VALUES
		('{recorder, importer, trainer, auditor, admin}'::text[], 'SELECT',
		 '{key, key_revocation, purpose, notice, preset_rule, protected_table}'::text[]),
		('{recorder, importer, trainer, auditor, admin}',
		 'SELECT (origin, subject_type, test, erased_subjects, last_declaration)', '{ledger}'),
		('{recorder, importer}', 'INSERT', '{event}'),
		('{recorder, importer}', 'SELECT (event_id)', '{event}'),
		('{trainer}', 'INSERT', '{used_key}'),
		('{trainer, auditor}', 'SELECT', '{run}'),
		('{auditor, admin}', 'SELECT', '{leaf, tile, checkpoint, cosignature, witness, witness_quorum, timestamp_authority, witnessed_log, witnessed}'),
		('{auditor}', 'SELECT',
		 '{event, event_log, scope_state, seal, seal_pending, run_salt, run_draw, run_part, manifest_block, run_subtree,
		   missing_parts, withdrawn_uses, preset_uses, unpermitted_uses, retroactive_uses,
		   collected_before_notice, unclosed_runs, silent_notice_changes, late_events,
		   settings_without_event}'),
		-- not the salts and the hashes of erased keys, by which people could be guessed
		('{auditor}', 'SELECT (subject_no, key, commitment, state, jurisdiction, jurisdiction_at, scoped)',
		 '{subject}'),
		('{auditor}', 'SELECT (event_id, body)', '{evidence}')
	)
	SELECT 'EXECUTE', 'ROUTINE ' || p.oid::regprocedure, p.oid::regprocedure
	FROM routines r JOIN pg_proc p ON p.proname = ANY (r.names)
	WHERE p.pronamespace = 'consent'::regnamespace AND which = ANY (r.roles)
	UNION ALL
	SELECT r.privilege, 'TABLE ' || c.oid::regclass, NULL
	FROM relations r JOIN pg_class c ON c.relname = ANY (r.names)
	WHERE c.relnamespace = 'consent'::regnamespace AND which = ANY (r.roles)
	  AND c.relkind IN ('r', 'v')
	ORDER BY 2, 1
$$;
COMMENT ON FUNCTION consent.role_privileges(text) IS
'The privileges that make a recorder, importer, trainer, auditor or admin, one row each; none for another word. routine is NULL for a table or view.';

CREATE FUNCTION consent.check_role_set(which text, role name)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF which IS NULL OR which NOT IN ('recorder', 'importer', 'trainer', 'auditor', 'admin') THEN
		RAISE EXCEPTION USING
			ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('unknown set of privileges %s', coalesce('"' || which || '"', 'NULL')),
			HINT = 'Use recorder, importer, trainer, auditor or admin.';
	END IF;
	-- GRANT takes even a quoted "public" for everybody.
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
		RAISE EXCEPTION USING
			ERRCODE = 'undefined_object',
			MESSAGE = format('role %s does not exist', coalesce('"' || role || '"', 'NULL')),
			HINT = 'Name one role; PUBLIC gets nothing.';
	END IF;
END
$$;
COMMENT ON FUNCTION consent.check_role_set(text, name) IS
'Raise 22023 unless this is the name of a set of privileges, 42704 unless there is such a role';

CREATE FUNCTION consent.role_holds(role name, which text)
RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(bool_and(EXISTS (
		SELECT FROM aclexplode(p.proacl) a
		WHERE a.grantee = (SELECT oid FROM pg_roles WHERE rolname = role)
		  AND a.privilege_type = 'EXECUTE')), false)
	FROM consent.role_privileges(which) r JOIN pg_proc p ON p.oid = r.routine
$$;
COMMENT ON FUNCTION consent.role_holds(name, text) IS
'Whether a role was itself granted all functions of a set of privileges';

CREATE FUNCTION consent.grant_role(which text, role name)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	granted record;
BEGIN
	PERFORM consent.check_role_set(which, role);
	EXECUTE format('GRANT USAGE ON SCHEMA consent TO %I', role);
	FOR granted IN SELECT privilege, object FROM consent.role_privileges(which) LOOP
		EXECUTE format('GRANT %s ON %s TO %I', granted.privilege, granted.object, role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION consent.grant_role(text, name) IS
'Make a role a
recorder: records what happens now, and asks what may be used;
importer: a recorder who may also record late events and import settings;
trainer: asks, opens runs and records use;
auditor: reads everything but salts, and asks all questions;
admin: declares purposes, notices, presets and protected tables.
Ordinary privileges, which pg_dump keeps. Only the extension''s owner can grant them.';

CREATE FUNCTION consent.revoke_role(which text, role name)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	kept     text[];
	revoked  record;
BEGIN
	PERFORM consent.check_role_set(which, role);
	-- An importer is a recorder by that alone; whoever stops being one stops recording.
	SELECT coalesce(array_agg(other), '{}') INTO kept
	FROM unnest('{recorder, importer, trainer, auditor, admin}'::text[]) AS other
	WHERE other <> which AND NOT (which = 'importer' AND other = 'recorder')
	  AND consent.role_holds(role, other);
	FOR revoked IN SELECT privilege, object FROM consent.role_privileges(which) LOOP
		EXECUTE format('REVOKE %s ON %s FROM %I', revoked.privilege, revoked.object, role);
	END LOOP;
	EXECUTE format('REVOKE USAGE ON SCHEMA consent FROM %I', role);
	-- What they share went too.
	PERFORM consent.grant_role(other, role) FROM unnest(kept) AS other;
END
$$;
COMMENT ON FUNCTION consent.revoke_role(text, name) IS
'Take back what grant_role() gave, but for what the role also has by another set that it holds in full. Revoking importer takes recorder too.';

-- Whatever reads or writes is for those it was granted to. What only computes
-- on its arguments stays open: immutable functions, and one that knows the time.
DO $$
DECLARE
	routine regprocedure;
BEGIN
	FOR routine IN
		SELECT p.oid FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'consent'::pg_catalog.regnamespace
		  AND (p.provolatile <> 'i' OR p.prokind = 'p')
		  AND p.proname <> 'verdict_of'
	LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', routine);
	END LOOP;
END
$$;
