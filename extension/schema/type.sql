\echo Use "CREATE EXTENSION consent_ledger" to load this file. \quit

CREATE SCHEMA consent;
COMMENT ON SCHEMA consent IS 'Consent ledger: who agreed to which use of their data, and what was used';

/*
 * type.sql
 *		The datatypes consent and verdict, their operators and casts.
 */
CREATE TYPE consent.consent;

CREATE FUNCTION consent.consent_in(cstring) RETURNS consent.consent
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_in(cstring) IS 'Input of consent; 22P02 says at which byte it is malformed';

CREATE FUNCTION consent.consent_out(consent.consent) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_out(consent.consent) IS 'Canonical text of a consent value: UTC, sorted, the same under all settings';

CREATE FUNCTION consent.consent_recv(internal) RETURNS consent.consent
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_recv(internal) IS 'Binary input of consent; 22P03 says at which byte it is malformed';

CREATE FUNCTION consent.consent_send(consent.consent) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_send(consent.consent) IS 'Binary output of consent';

CREATE TYPE consent.consent (
	INPUT = consent.consent_in,
	OUTPUT = consent.consent_out,
	RECEIVE = consent.consent_recv,
	SEND = consent.consent_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = extended
);
COMMENT ON TYPE consent.consent IS 'Choices of a person: for each purpose and data range the latest +grant, -refusal or ~preset';

CREATE TYPE consent.verdict AS ENUM (
	'granted', 'preset', 'unknown', 'outside_data_period', 'expired', 'denied'
);
COMMENT ON TYPE consent.verdict IS 'Whether data may be used, from best to worst';

-- Comparison: field by field, bytewise, in the order of the canonical text.

CREATE FUNCTION consent.consent_eq(consent.consent, consent.consent) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_eq(consent.consent, consent.consent) IS 'Do both state exactly the same choices? Implements =';

CREATE FUNCTION consent.consent_ne(consent.consent, consent.consent) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_ne(consent.consent, consent.consent) IS 'Implements <>';

CREATE FUNCTION consent.consent_lt(consent.consent, consent.consent) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_lt(consent.consent, consent.consent) IS 'Implements <';

CREATE FUNCTION consent.consent_le(consent.consent, consent.consent) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_le(consent.consent, consent.consent) IS 'Implements <=';

CREATE FUNCTION consent.consent_gt(consent.consent, consent.consent) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_gt(consent.consent, consent.consent) IS 'Implements >';

CREATE FUNCTION consent.consent_ge(consent.consent, consent.consent) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_ge(consent.consent, consent.consent) IS 'Implements >=';

CREATE FUNCTION consent.consent_cmp(consent.consent, consent.consent) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_cmp(consent.consent, consent.consent) IS 'Order of two values for btree: less than, equal to or greater than 0';

CREATE FUNCTION consent.consent_hash(consent.consent) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_hash(consent.consent) IS 'Hash of a value';

CREATE FUNCTION consent.consent_hash_extended(consent.consent, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_hash_extended(consent.consent, bigint) IS 'Hash of a value, 64 bits, with a seed';

CREATE OPERATOR consent.= (
	FUNCTION = consent.consent_eq, LEFTARG = consent.consent, RIGHTARG = consent.consent,
	COMMUTATOR = OPERATOR(consent.=), NEGATOR = OPERATOR(consent.<>),
	RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR consent.= (consent.consent, consent.consent) IS 'states exactly the same choices';

CREATE OPERATOR consent.<> (
	FUNCTION = consent.consent_ne, LEFTARG = consent.consent, RIGHTARG = consent.consent,
	COMMUTATOR = OPERATOR(consent.<>), NEGATOR = OPERATOR(consent.=),
	RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR consent.<> (consent.consent, consent.consent) IS 'states other choices';

CREATE OPERATOR consent.< (
	FUNCTION = consent.consent_lt, LEFTARG = consent.consent, RIGHTARG = consent.consent,
	COMMUTATOR = OPERATOR(consent.>), NEGATOR = OPERATOR(consent.>=),
	RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR consent.< (consent.consent, consent.consent) IS 'sorts before';

CREATE OPERATOR consent.<= (
	FUNCTION = consent.consent_le, LEFTARG = consent.consent, RIGHTARG = consent.consent,
	COMMUTATOR = OPERATOR(consent.>=), NEGATOR = OPERATOR(consent.>),
	RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR consent.<= (consent.consent, consent.consent) IS 'sorts before, or is the same';

CREATE OPERATOR consent.> (
	FUNCTION = consent.consent_gt, LEFTARG = consent.consent, RIGHTARG = consent.consent,
	COMMUTATOR = OPERATOR(consent.<), NEGATOR = OPERATOR(consent.<=),
	RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR consent.> (consent.consent, consent.consent) IS 'sorts after';

CREATE OPERATOR consent.>= (
	FUNCTION = consent.consent_ge, LEFTARG = consent.consent, RIGHTARG = consent.consent,
	COMMUTATOR = OPERATOR(consent.<=), NEGATOR = OPERATOR(consent.<),
	RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR consent.>= (consent.consent, consent.consent) IS 'sorts after, or is the same';

CREATE OPERATOR CLASS consent.consent_ops DEFAULT FOR TYPE consent.consent USING btree AS
	OPERATOR 1 consent.<,
	OPERATOR 2 consent.<=,
	OPERATOR 3 consent.=,
	OPERATOR 4 consent.>=,
	OPERATOR 5 consent.>,
	FUNCTION 1 consent.consent_cmp(consent.consent, consent.consent);

CREATE OPERATOR CLASS consent.consent_ops DEFAULT FOR TYPE consent.consent USING hash AS
	OPERATOR 1 consent.=,
	FUNCTION 1 consent.consent_hash(consent.consent),
	FUNCTION 2 consent.consent_hash_extended(consent.consent, bigint);

-- Merge: a join-semilattice, so the order of merging does not matter.

CREATE FUNCTION consent.consent_merge(consent.consent, consent.consent) RETURNS consent.consent
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_merge(consent.consent, consent.consent) IS 'For each purpose and data range the choice that counts: an act before a preset, then the later, then the refusal, then the one that ends sooner. Implements ||';

CREATE OPERATOR consent.|| (
	FUNCTION = consent.consent_merge, LEFTARG = consent.consent, RIGHTARG = consent.consent,
	COMMUTATOR = OPERATOR(consent.||)
);
COMMENT ON OPERATOR consent.|| (consent.consent, consent.consent) IS 'merge: of each purpose and data range the choice that counts';

CREATE AGGREGATE consent.merge(consent.consent) (
	SFUNC = consent.consent_merge, STYPE = consent.consent,
	COMBINEFUNC = consent.consent_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE consent.merge(consent.consent) IS 'All choices merged, in any order; NULL over no rows';

-- Asking and taking apart.

CREATE FUNCTION consent.consent_speaks_of(consent.consent, purpose text) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_speaks_of(consent.consent, text) IS 'Is there a choice about exactly this purpose, whatever its stance? Implements ?';

CREATE OPERATOR consent.? (
	FUNCTION = consent.consent_speaks_of, LEFTARG = consent.consent, RIGHTARG = text,
	RESTRICT = pg_catalog.contsel, JOIN = pg_catalog.contjoinsel
);
COMMENT ON OPERATOR consent.? (consent.consent, text) IS 'speaks of exactly this purpose';

CREATE FUNCTION consent.consent_contains(consent.consent, consent.consent) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_contains(consent.consent, consent.consent) IS 'Does the left hold a choice for each of the right, alike in all that the right states? Implements @>';

CREATE FUNCTION consent.consent_contained(consent.consent, consent.consent) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_contained(consent.consent, consent.consent) IS 'Does the right hold a choice for each of the left, alike in all that the left states? Implements <@';

CREATE OPERATOR consent.@> (
	FUNCTION = consent.consent_contains, LEFTARG = consent.consent, RIGHTARG = consent.consent,
	COMMUTATOR = OPERATOR(consent.<@),
	RESTRICT = pg_catalog.contsel, JOIN = pg_catalog.contjoinsel
);
COMMENT ON OPERATOR consent.@> (consent.consent, consent.consent) IS 'holds these choices; what the right side does not state does not matter';

CREATE OPERATOR consent.<@ (
	FUNCTION = consent.consent_contained, LEFTARG = consent.consent, RIGHTARG = consent.consent,
	COMMUTATOR = OPERATOR(consent.@>),
	RESTRICT = pg_catalog.contsel, JOIN = pg_catalog.contjoinsel
);
COMMENT ON OPERATOR consent.<@ (consent.consent, consent.consent) IS 'its choices are held; what the left side does not state does not matter';

CREATE FUNCTION consent.consent_forget(consent.consent, purpose text) RETURNS consent.consent
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_forget(consent.consent, text) IS 'The value without its choices about exactly this purpose. Implements -';

CREATE OPERATOR consent.- (
	FUNCTION = consent.consent_forget, LEFTARG = consent.consent, RIGHTARG = text
);
COMMENT ON OPERATOR consent.- (consent.consent, text) IS 'without the choices about exactly this purpose';

CREATE FUNCTION consent.choices(consent.consent)
	RETURNS TABLE (stance text, purpose text, since timestamptz, until timestamptz,
		data_range tstzrange, act text, notice text)
	AS 'MODULE_PATHNAME', 'consent_choice_rows' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 4;
COMMENT ON FUNCTION consent.choices(consent.consent) IS 'One row a choice, in canonical order; what a choice does not state is NULL. stance is +, - or ~';

CREATE FUNCTION consent.choice(purpose text, stance text, since timestamptz DEFAULT NULL,
		until timestamptz DEFAULT NULL, data_range tstzrange DEFAULT NULL,
		act text DEFAULT NULL, notice text DEFAULT NULL)
	RETURNS consent.consent
	AS 'MODULE_PATHNAME', 'consent_choice' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION consent.choice(text, text, timestamptz, timestamptz, tstzrange, text, text) IS 'A value of one choice. stance: + or grant, - or refuse, ~ or preset; NULL leaves the rest unstated; 22023, 22004 or 22008 for what cannot be';

CREATE FUNCTION consent.verdict_of(consent.consent, purpose text,
		at timestamptz DEFAULT NULL, collected_at timestamptz DEFAULT NULL)
	RETURNS consent.verdict
	AS 'MODULE_PATHNAME', 'consent_verdict_of' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION consent.verdict_of(consent.consent, text, timestamptz, timestamptz) IS 'What a value by itself says of a purpose and, by their dotted names, its ancestors. at NULL: now, and every choice counts; else those made by then. collected_at NULL: choices limited to a data range do not cover. NULL for a NULL value or purpose';

-- Casts.  Drivers send typed text, so text and varchar may be assigned.

CREATE CAST (text AS consent.consent) WITH INOUT AS ASSIGNMENT;
CREATE CAST (varchar AS consent.consent) WITH INOUT AS ASSIGNMENT;

CREATE FUNCTION consent.consent_to_jsonb(consent.consent) RETURNS jsonb
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_to_jsonb(consent.consent) IS 'An array of objects, with the members of choices() that are stated, as strings';

CREATE FUNCTION consent.consent_from_jsonb(jsonb) RETURNS consent.consent
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_from_jsonb(jsonb) IS 'From an array of objects as consent_to_jsonb() makes them; null is taken as not stated, unknown members are refused (22023)';

CREATE CAST (consent.consent AS jsonb) WITH FUNCTION consent.consent_to_jsonb(consent.consent) AS ASSIGNMENT;
CREATE CAST (jsonb AS consent.consent) WITH FUNCTION consent.consent_from_jsonb(jsonb) AS ASSIGNMENT;

-- Index support for @> and ?

CREATE FUNCTION consent.consent_gin_extract_value(consent.consent, internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_gin_extract_value(consent.consent, internal, internal) IS 'GIN support: keys of a value';

CREATE FUNCTION consent.consent_gin_extract_query(consent.consent, internal, int2, internal, internal, internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_gin_extract_query(consent.consent, internal, int2, internal, internal, internal, internal) IS 'GIN support: keys of a query';

CREATE FUNCTION consent.consent_gin_consistent(internal, int2, consent.consent, int4, internal, internal, internal, internal) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_gin_consistent(internal, int2, consent.consent, int4, internal, internal, internal, internal) IS 'GIN support: do the keys found fit the query?';

CREATE FUNCTION consent.consent_gin_triconsistent(internal, int2, consent.consent, int4, internal, internal, internal) RETURNS "char"
	AS 'MODULE_PATHNAME' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION consent.consent_gin_triconsistent(internal, int2, consent.consent, int4, internal, internal, internal) IS 'GIN support: the same with keys not looked at yet';

CREATE OPERATOR CLASS consent.consent_ops DEFAULT FOR TYPE consent.consent USING gin AS
	OPERATOR 7 consent.@>,
	OPERATOR 9 consent.? (consent.consent, text),
	FUNCTION 1 pg_catalog.bttext_pattern_cmp(text, text),
	FUNCTION 2 consent.consent_gin_extract_value(consent.consent, internal, internal),
	FUNCTION 3 consent.consent_gin_extract_query(consent.consent, internal, int2, internal, internal, internal, internal),
	FUNCTION 4 consent.consent_gin_consistent(internal, int2, consent.consent, int4, internal, internal, internal, internal),
	FUNCTION 6 consent.consent_gin_triconsistent(internal, int2, consent.consent, int4, internal, internal, internal),
	STORAGE text;
COMMENT ON OPERATOR CLASS consent.consent_ops USING gin IS 'index for @> and ?';
