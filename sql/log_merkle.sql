-- Merkle trees of RFC 9162, to be tried on published examples. Nobody needs a privilege for them but that on the schema.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE log_stranger;
GRANT USAGE ON SCHEMA consent TO log_stranger;
SET ROLE log_stranger;

-- the eight leaves of transparency-dev/merkle, and the roots of the first 0 to 8 of them
CREATE TEMP TABLE sample AS SELECT '{"\\x","\\x00","\\x10","\\x2021","\\x3031","\\x40414243","\\x5051525354555657","\\x606162636465666768696a6b6c6d6e6f"}'::bytea[] AS leaves;
SELECT n, encode(consent.merkle_root(leaves[1:n]), 'hex') AS root FROM sample, generate_series(0, 8) n;

-- its inclusion and consistency proofs
SELECT i, n, encode(hash, 'hex') AS hash FROM sample, (VALUES (0, 8), (5, 8), (2, 3), (1, 5)) v (i, n),
	unnest(consent.merkle_inclusion(leaves[1:n], i)) WITH ORDINALITY h (hash, place) ORDER BY i, n, place;
SELECT m, n, encode(hash, 'hex') AS hash FROM sample, (VALUES (1, 8), (6, 8), (2, 5)) v (m, n),
	unnest(consent.merkle_consistency(leaves[1:n], m)) WITH ORDINALITY h (hash, place) ORDER BY m, n, place;
SELECT consent.merkle_inclusion(leaves[1:1], 0) AS one_leaf, consent.merkle_consistency(leaves, 8) AS the_same FROM sample;

-- every proof verifies: all leaves of all sizes, all pairs of sizes
CREATE TEMP VIEW inclusion AS
SELECT n, i, consent.merkle_root(leaves[1:n]) AS root, sha256('\x00' || leaves[i + 1]) AS leaf,
	consent.merkle_inclusion(leaves[1:n], i) AS path
FROM sample, generate_series(1, 8) n, generate_series(0, n - 1) i;
CREATE TEMP VIEW consistency AS
SELECT m, n, consent.merkle_root(leaves[1:m]) AS old_root, consent.merkle_root(leaves[1:n]) AS new_root,
	consent.merkle_consistency(leaves[1:n], m) AS path
FROM sample, generate_series(1, 8) n, generate_series(1, n) m;
SELECT count(*), bool_and(consent.verify_inclusion(root, n, i, leaf, path)) FROM inclusion;
SELECT count(*), bool_and(consent.verify_consistency(m, n, old_root, new_root, path)) FROM consistency;

-- no corruption of one does
SELECT bool_or(consent.verify_inclusion(set_byte(root, 7, get_byte(root, 7) # 1), n, i, leaf, path)) AS other_root,
	bool_or(consent.verify_inclusion(root, n, i, set_byte(leaf, 31, get_byte(leaf, 31) # 128), path)) AS other_leaf,
	bool_or(consent.verify_inclusion(root, n, i + 1, leaf, path)) AS next_index,
	bool_or(consent.verify_inclusion(root, n, i - n, leaf, path)) AS negative_index,
	bool_or(consent.verify_inclusion(root, n, n, leaf, path)) AS index_at_size,
	bool_or(consent.verify_inclusion(root, -n, i, leaf, path)) AS negative_size,
	bool_or(consent.verify_inclusion(root, n, i, leaf, path || root)) AS longer,
	bool_or(consent.verify_inclusion(root, n, i, leaf, ''::bytea || path)) AS led_by_nothing,
	bool_or(consent.verify_inclusion(root, n, i, leaf, path || NULL::bytea)) AS with_null,
	bool_or(consent.verify_inclusion(substr(root, 2), n, i, leaf, path)) AS root_cut,
	bool_or(consent.verify_inclusion(root, n, i, substr(leaf, 2), path)) AS leaf_cut
FROM inclusion;
SELECT bool_or(consent.verify_inclusion(root, n, i, leaf, path[2:])) AS first_missing,
	bool_or(consent.verify_inclusion(root, n, i, leaf, path[:cardinality(path) - 1])) AS last_missing,
	bool_or(consent.verify_inclusion(root, n, i, leaf, path[2:] || path[1])) FILTER (WHERE cardinality(path) > 1) AS turned,
	bool_or(consent.verify_inclusion(root, n, i, leaf, array_replace(path, path[1], leaf))) AS replaced
FROM inclusion WHERE cardinality(path) > 0;
SELECT bool_or(consent.verify_consistency(m, n, new_root, old_root, path)) AS roots_swapped,
	bool_or(consent.verify_consistency(n, m, old_root, new_root, path)) AS sizes_swapped,
	bool_or(consent.verify_consistency(m, n, old_root, set_byte(new_root, 0, get_byte(new_root, 0) # 1), path)) AS other_new_root,
	bool_or(consent.verify_consistency(m, n, set_byte(old_root, 0, get_byte(old_root, 0) # 1), new_root, path)) AS other_old_root,
	bool_or(consent.verify_consistency(m, n, old_root, new_root, path || old_root)) AS longer,
	bool_or(consent.verify_consistency(m, n, old_root, new_root, path[2:])) AS first_missing,
	bool_or(consent.verify_consistency(m, n, old_root, new_root, path[:cardinality(path) - 1])) AS last_missing,
	bool_or(consent.verify_consistency(0, n, old_root, new_root, path)) AS from_nothing
FROM consistency WHERE m < n;
-- nothing follows from an empty tree, not even with its root; the same tree needs the same root and no path
SELECT consent.verify_consistency(0, 8, consent.merkle_root('{}'), consent.merkle_root(leaves), '{}') AS from_empty,
	consent.verify_consistency(0, 0, consent.merkle_root('{}'), consent.merkle_root('{}'), '{}') AS empty_to_empty,
	consent.verify_consistency(8, 8, consent.merkle_root(leaves), consent.merkle_root(leaves), '{}') AS same,
	consent.verify_consistency(8, 8, consent.merkle_root(leaves), consent.merkle_root(leaves[1:7]), '{}') AS not_same
FROM sample;
-- a leaf is no node: the root of four leaves is no leaf of that tree
SELECT consent.verify_inclusion(root, 4, 0, root, '{}') AS of_four
FROM sample, consent.merkle_root(leaves[1:4]) root;

-- larger trees
SELECT bool_and(consent.verify_inclusion(consent.merkle_root(leaves), 1000, i, sha256('\x00' || leaves[i + 1]), consent.merkle_inclusion(leaves, i)))
FROM (SELECT array_agg(int4send(n) ORDER BY n) FROM generate_series(1, 1000) n) AS t (leaves), unnest('{0,255,256,511,512,999}'::int[]) i;

-- fails: no such leaf, no such older tree, a leaf that is NULL
SELECT consent.merkle_inclusion('{}', 0);
SELECT consent.merkle_inclusion(leaves, 8) FROM sample;
SELECT consent.merkle_inclusion(leaves, -1) FROM sample;
SELECT consent.merkle_consistency(leaves, 0) FROM sample;
SELECT consent.merkle_consistency(leaves, 9) FROM sample;
SELECT consent.merkle_root('{NULL}');
-- passes: nothing asked, nothing answered
SELECT consent.merkle_root(NULL) IS NULL AS root, consent.verify_inclusion('', 1, 0, '', NULL) IS NULL AS verified;

RESET ROLE;
DROP TABLE sample CASCADE;
REVOKE USAGE ON SCHEMA consent FROM log_stranger;
DROP ROLE log_stranger;
