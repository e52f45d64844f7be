/*
 * log.sql
 *		The log over all seals, and Merkle trees for anybody to try.
 */

/* ---- Merkle trees (RFC 9162) over given leaves ---- */

CREATE FUNCTION consent.merkle_root(leaves bytea[])
RETURNS bytea AS 'MODULE_PATHNAME', 'consent_merkle_root'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION consent.merkle_root(bytea[]) IS
'Root of the Merkle tree (RFC 9162) over these leaves, given as data and hashed here; the SHA-256 of nothing for no leaves. Errors: 22004 for a NULL among them';

CREATE FUNCTION consent.merkle_inclusion(leaves bytea[], index bigint)
RETURNS bytea[] AS 'MODULE_PATHNAME', 'consent_merkle_inclusion'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION consent.merkle_inclusion(bytea[], bigint) IS
'Inclusion path (RFC 9162) of a leaf, counted from 0, in the tree over these leaves, from the bottom up. Errors: 22023 if there is no such leaf, 22004 for a NULL leaf';

CREATE FUNCTION consent.merkle_consistency(leaves bytea[], old_size bigint)
RETURNS bytea[] AS 'MODULE_PATHNAME', 'consent_merkle_consistency'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION consent.merkle_consistency(bytea[], bigint) IS
'Consistency path (RFC 9162) from the tree over the first old_size leaves to the tree over all; empty where that is the same. Errors: 22023 unless 0 < old_size <= the number of leaves, 22004 for a NULL leaf';

CREATE FUNCTION consent.verify_inclusion(root bytea, size bigint, index bigint, leaf_hash bytea, path bytea[])
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_verify_inclusion'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION consent.verify_inclusion(bytea, bigint, bigint, bytea, bytea[]) IS
'Does this path prove that the leaf with this hash is at this index of the tree with this root and size? False too for what is not a hash, and for a path that is longer than needed';

CREATE FUNCTION consent.verify_consistency(old_size bigint, new_size bigint, old_root bytea, new_root bytea, path bytea[])
RETURNS boolean AS 'MODULE_PATHNAME', 'consent_verify_consistency'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION consent.verify_consistency(bigint, bigint, bytea, bytea, bytea[]) IS
'Does this path prove that the newer tree only adds leaves to the older one? False from size 0, from which nothing follows; false too for what is not a hash, and for a path that is longer than needed';
