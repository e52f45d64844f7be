/*
 * tiles.c
 *		The log as files: tiles and bundles of entries, as C2SP tlog-tiles has
 *		them, of what a signed checkpoint covers.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/snapmgr.h"

#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/bytes.h"
#include "log/checkpoints.h"
#include "log/tree.h"

#define LEVEL_MAX 63

PG_FUNCTION_INFO_V1(consent_tile);
PG_FUNCTION_INFO_V1(consent_entries);

static void
check_place(int64 index, int32 width)
{
	if (index < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("index " INT64_FORMAT " is below 0", index)));
	if (width < 1 || width > CL_TILE_WIDTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("width %d is outside 1 to %d", width, CL_TILE_WIDTH)));
}

/* The size of the newest checkpoint that the snapshot shows, or 0. */
static int64
signed_size(void)
{
	int64		size;

	checkpoint_note(0, &size);
	return size;
}

static Datum
read_hashes(LogTree *tree, int level, int64 index, int width)
{
	return bytes_datum(tree_tile(tree, level, index, width), width * CL_HASH_BYTES);
}

static Datum
read_entries(LogTree *tree, int64 index, int width)
{
	LeafScan   *scan = tree_leaves(tree, index * CL_TILE_WIDTH);
	cl_buffer	bundle = {.cap = CL_TILE_WIDTH * 512, .len = VARHDRSZ};

	bundle.data = palloc(bundle.cap);
	for (int i = 0; i < width; i++)
	{
		int64		seal_no;
		cl_value	note;

		if (!tree_next_leaf(scan, &seal_no, &note))
			elog(ERROR, "leaf " INT64_FORMAT " is not there", index * CL_TILE_WIDTH + i);
		if (bundle.cap - bundle.len < note.len + 2)
		{
			bundle.cap = 2 * bundle.cap + note.len;
			bundle.data = repalloc(bundle.data, bundle.cap);
		}
		if (!cl_entry_put(&bundle, note.data, note.len))
			elog(ERROR, "the note of seal " INT64_FORMAT " is too long", seal_no);
	}
	tree_end_leaves(scan);
	SET_VARSIZE(bundle.data, bundle.len);
	return PointerGetDatum(bundle.data);
}

/* A tile, or a bundle of entries; false where no checkpoint covers it. */
static bool
read_covered(int level, int64 index, int width, Datum *data)
{
	LogTree    *tree;

	check_place(index, width);
	if (cl_tile_width(signed_size(), level, index) < width)
		return false;
	tree = tree_open(GetActiveSnapshot());
	*data = level == CL_TILE_ENTRIES ? read_entries(tree, index, width) :
		read_hashes(tree, level, index, width);
	tree_close(tree);
	return true;
}

/* SQL: tile(level, index, width). */
Datum
consent_tile(PG_FUNCTION_ARGS)
{
	int32		level = PG_GETARG_INT32(0);
	Datum		data;

	if (level < 0 || level > LEVEL_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("level %d is outside 0 to %d", level, LEVEL_MAX)));
	if (!read_covered(level, PG_GETARG_INT64(1), PG_GETARG_INT32(2), &data))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(data);
}

/* SQL: entries(index, width). */
Datum
consent_entries(PG_FUNCTION_ARGS)
{
	Datum		data;

	if (!read_covered(CL_TILE_ENTRIES, PG_GETARG_INT64(0), PG_GETARG_INT32(1), &data))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(data);
}
