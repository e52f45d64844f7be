/*
 * merkle.c
 *		Merkle trees of RFC 9162 over values given in SQL, for anybody who
 *		wants to try published examples.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/merkle.h"
#include "log/bytes.h"

/* Hash leaf data; *n gets how many there are. */
static uint8 *
hash_leaves(ArrayType *array, int *n)
{
	Datum	   *values;
	bool	   *isnull;
	uint8	   *leaves;

	deconstruct_array(array, BYTEAOID, -1, false, TYPALIGN_INT, &values, &isnull, n);
	leaves = palloc((Size) *n * CL_HASH_BYTES + 1);
	for (int i = 0; i < *n; i++)
	{
		bytea	   *data;

		if (isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a leaf must not be NULL")));
		data = DatumGetByteaPP(values[i]);
		if (cl_merkle_leaf(VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data),
						   leaves + (Size) i * CL_HASH_BYTES) != CL_OK)
			elog(ERROR, "could not compute a hash");
	}
	return leaves;
}

static Datum
path_datum(cl_hash *path, int n)
{
	Datum		hashes[CL_PATH_MAX];

	for (int i = 0; i < n; i++)
		hashes[i] = bytes_datum(path[i], CL_HASH_BYTES);
	return PointerGetDatum(construct_array(hashes, n, BYTEAOID, -1, false, TYPALIGN_INT));
}

/* A path given as an argument; false if it cannot be one. */
static bool
read_path(ArrayType *array, cl_hash path[CL_PATH_MAX], int *n)
{
	Datum	   *values;
	bool	   *isnull;

	deconstruct_array(array, BYTEAOID, -1, false, TYPALIGN_INT, &values, &isnull, n);
	if (*n > CL_PATH_MAX)
		return false;
	for (int i = 0; i < *n; i++)
		if (isnull[i] || !bytes_read_hash(DatumGetByteaPP(values[i]), path[i]))
			return false;
	return true;
}

PG_FUNCTION_INFO_V1(consent_merkle_root);
PG_FUNCTION_INFO_V1(consent_merkle_inclusion);
PG_FUNCTION_INFO_V1(consent_merkle_consistency);
PG_FUNCTION_INFO_V1(consent_verify_inclusion);
PG_FUNCTION_INFO_V1(consent_verify_consistency);

/* SQL: merkle_root(leaves). */
Datum
consent_merkle_root(PG_FUNCTION_ARGS)
{
	int			n;
	uint8	   *leaves = hash_leaves(PG_GETARG_ARRAYTYPE_P(0), &n);
	cl_hash		root;

	if (cl_merkle_root(leaves, n, root) != CL_OK)
		elog(ERROR, "could not compute a hash");
	PG_RETURN_DATUM(bytes_datum(root, CL_HASH_BYTES));
}

/* SQL: merkle_inclusion(leaves, index). */
Datum
consent_merkle_inclusion(PG_FUNCTION_ARGS)
{
	int			n;
	uint8	   *leaves = hash_leaves(PG_GETARG_ARRAYTYPE_P(0), &n);
	int64		index = PG_GETARG_INT64(1);
	cl_tree		tree = cl_tree_of(leaves, n);
	cl_hash		path[CL_PATH_MAX];
	int			len;

	if (index < 0 || index >= n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no leaf " INT64_FORMAT " among %d", index, n),
				 errhint("Leaves are counted from 0.")));
	len = cl_inclusion_path(&tree, index, path);
	if (len < 0)
		elog(ERROR, "could not compute a path");
	PG_RETURN_DATUM(path_datum(path, len));
}

/* SQL: merkle_consistency(leaves, old_size). */
Datum
consent_merkle_consistency(PG_FUNCTION_ARGS)
{
	int			n;
	uint8	   *leaves = hash_leaves(PG_GETARG_ARRAYTYPE_P(0), &n);
	int64		old_size = PG_GETARG_INT64(1);
	cl_tree		tree = cl_tree_of(leaves, n);
	cl_hash		path[CL_PATH_MAX];
	int			len;

	if (old_size < 1 || old_size > n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no proof leads from a tree of " INT64_FORMAT " to one of %d leaves", old_size, n),
				 errhint("The older tree has at least one leaf, and no more than the newer one.")));
	len = cl_consistency_path(&tree, old_size, path);
	if (len < 0)
		elog(ERROR, "could not compute a path");
	PG_RETURN_DATUM(path_datum(path, len));
}

/* SQL: verify_inclusion(root, size, index, leaf_hash, path). */
Datum
consent_verify_inclusion(PG_FUNCTION_ARGS)
{
	int64		size = PG_GETARG_INT64(1);
	int64		index = PG_GETARG_INT64(2);
	cl_hash		root;
	cl_hash		leaf;
	cl_hash		path[CL_PATH_MAX];
	int			n;

	PG_RETURN_BOOL(size > 0 && index >= 0 &&
				   bytes_read_hash(PG_GETARG_BYTEA_PP(0), root) &&
				   bytes_read_hash(PG_GETARG_BYTEA_PP(3), leaf) &&
				   read_path(PG_GETARG_ARRAYTYPE_P(4), path, &n) &&
				   cl_verify_inclusion(root, size, index, leaf, path, n));
}

/* SQL: verify_consistency(old_size, new_size, old_root, new_root, path). */
Datum
consent_verify_consistency(PG_FUNCTION_ARGS)
{
	int64		old_size = PG_GETARG_INT64(0);
	int64		new_size = PG_GETARG_INT64(1);
	cl_hash		old_root;
	cl_hash		new_root;
	cl_hash		path[CL_PATH_MAX];
	int			n;

	PG_RETURN_BOOL(old_size > 0 && new_size > 0 &&
				   bytes_read_hash(PG_GETARG_BYTEA_PP(2), old_root) &&
				   bytes_read_hash(PG_GETARG_BYTEA_PP(3), new_root) &&
				   read_path(PG_GETARG_ARRAYTYPE_P(4), path, &n) &&
				   cl_verify_consistency(old_size, new_size, old_root, new_root, path, n));
}
