/*
 * declare.sql
 *		Declare purposes, notices and presets; import a settings column.
 */

CREATE FUNCTION consent.define_purpose(name text, parents text[] DEFAULT '{}',
	regime text DEFAULT 'opt_in', title text DEFAULT NULL, since timestamptz DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'consent_define_purpose'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.define_purpose(text, text[], text, text, timestamptz) IS
'Define a purpose for good and return the id of its event. The parents must exist; a dotted name has its prefix as a parent.
regime: opt_in (only what was granted may be used) or opt_out (what was not refused may be used).
since: since when people could know of it, a claim, not in the future; NULL is now. A grant given before that does not reach it from a parent.
The same definition again changes nothing and returns the first id (since NULL: whatever was said first); another one is error 42710.';

CREATE FUNCTION consent.publish_notice(name text, version text, body text, purposes text[],
	stated_on date DEFAULT NULL, zone text DEFAULT NULL, published_at timestamptz DEFAULT NULL,
	language text DEFAULT 'en', url text DEFAULT NULL)
RETURNS bytea
AS 'MODULE_PATHNAME', 'consent_publish_notice'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.publish_notice(text, text, text, text[], date, text, timestamptz, text, text) IS
'Record a text shown to people, under the label name/version, and return the SHA-256 of its bytes (UTF-8).
purposes: what it speaks of. stated_on: the date it bears, in the time zone named by zone. published_at: when it is said to have been published, not in the future. Both are claims; when it was recorded is a fact.
The same text again changes nothing, with the same particulars or without (NULL: whatever was said first); another text, or other particulars, under the label is error 42710.';

CREATE FUNCTION consent.serve_notice(subject text, notice text, at timestamptz DEFAULT NULL,
	method text DEFAULT NULL, jurisdiction text DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'consent_serve_notice'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.serve_notice(text, text, timestamptz, text, text, text, text) IS
'Record that a notice (by its label, name/version) was shown to a subject, and return the event''s id. at: when; NULL is now. Showing is not agreeing: no choice follows from it. Error 55000 for somebody erased.';

CREATE FUNCTION consent.serve_notice(subject bigint, notice text, at timestamptz DEFAULT NULL,
	method text DEFAULT NULL, jurisdiction text DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'consent_serve_notice'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.serve_notice(bigint, text, timestamptz, text, text, text, text) IS
'Record that a notice was shown to a subject, in a ledger whose subjects are of type bigint; see serve_notice(text, …)';

CREATE FUNCTION consent.serve_notice(subject uuid, notice text, at timestamptz DEFAULT NULL,
	method text DEFAULT NULL, jurisdiction text DEFAULT NULL, source text DEFAULT '', external_id text DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'consent_serve_notice'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.serve_notice(uuid, text, timestamptz, text, text, text, text) IS
'Record that a notice was shown to a subject, in a ledger whose subjects are of type uuid; see serve_notice(text, …)';

CREATE FUNCTION consent.set_preset(choices consent.consent, jurisdiction text DEFAULT NULL,
	notice text DEFAULT NULL, at timestamptz DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'consent_set_preset'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.set_preset(consent.consent, text, text, timestamptz) IS
'Record that choices were switched on for everybody, and return the event''s id. Each choice is written with ~: it is nobody''s act and never beats one.
Of several for the same jurisdiction, purpose and data range the latest counts, at the same instant the one that ends sooner.
jurisdiction: only for subjects there (US speaks for US-CA too); NULL is everywhere. at: since when, not in the future; NULL is now.';

CREATE FUNCTION consent.end_preset(purpose text, jurisdiction text DEFAULT NULL, at timestamptz DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'consent_end_preset'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION consent.end_preset(text, text, timestamptz) IS
'Record that what was switched on for everybody for a purpose, in exactly this jurisdiction (NULL: everywhere), was switched off again, and return the event''s id. at: when; NULL is now. Error 42704 if nothing was on by then.';

CREATE FUNCTION consent.import_setting(rel regclass, subject name, choice name, purpose text,
	default_on boolean, changed_at name DEFAULT NULL, trues text DEFAULT 'preset',
	OUT presets bigint, OUT refusals bigint, OUT grants bigint,
	OUT unchanged bigint, OUT unstated bigint, OUT skipped bigint)
AS 'MODULE_PATHNAME', 'consent_import_setting'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION consent.import_setting(regclass, name, name, text, boolean, name, text) IS
'Turn an application''s boolean settings column into events, one row a subject, and count what came of it. The table is read with the caller''s privileges.
A setting does not say who set it or when, so each value becomes the weakest event that explains it:
"on" is a preset, or with trues => ''granted'' (there is proof that people did it) a grant: but never where "on" was the default and changed_at shows that nobody touched it. It is dated as late as it can be: at changed_at, else now; it allows nothing before.
"off" where on was the default (default_on) is a refusal, dated as early as it can be: at changed_at, else since the purpose exists, or since the ledger heard of the "on" that it ended; what was used meanwhile was used against it.
"off" where off was the default is nobody''s act and recorded only where silence would be taken for a yes (regime opt_out) or where the ledger says "on" (counted as unstated otherwise).
changed_at: a timestamp or date column that says when this setting was changed, in the session''s time zone if it has none; NULL where it never was.
Repeating it records only what differs from what the ledger says (unchanged). Rows whose subject or choice is NULL, or whose subject was erased, are skipped. A subject in two rows is error 21000.';
