/*
 * tiles.c
 *		The log as files: tiles and bundles of entries, as C2SP tlog-tiles has
 *		them, of what a signed checkpoint covers.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "log/bytes.h"
#include "log/checkpoints.h"
#include "log/cosigned.h"
#include "log/tree.h"

#define LEVEL_MAX 63

PG_FUNCTION_INFO_V1(consent_tile);
PG_FUNCTION_INFO_V1(consent_entries);
PG_FUNCTION_INFO_V1(consent_log_files);

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

/* The size of the newest checkpoint, or 0. */
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

/* A tile, or a bundle of entries. */
static Datum
read_file(int level, int64 index, int width)
{
	LogTree    *tree = tree_open(GetActiveSnapshot());
	Datum		data = level == CL_TILE_ENTRIES ? read_entries(tree, index, width) :
		read_hashes(tree, level, index, width);

	tree_close(tree);
	return data;
}

/* The same; false where no checkpoint covers it. */
static bool
read_covered(int level, int64 index, int width, Datum *data)
{
	check_place(index, width);
	if (cl_tile_width(signed_size(), level, index) < width)
		return false;
	*data = read_file(level, index, width);
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

/* ---- all files ---- */

typedef struct LogFiles
{
	int64		from;			/* the tree that is there already */
	int64		size;
	int			level;			/* of the next file; CL_TILE_LEVELS: the checkpoint */
	int64		index;
	bool		over;
} LogFiles;

static LogFiles *
begin_files(FunctionCallInfo fcinfo)
{
	LogFiles   *files = palloc0(sizeof(LogFiles));
	int64		size = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1);

	files->from = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0);
	files->size = checkpoint_wanted(files->from, PG_ARGISNULL(1) ? NULL : &size);
	files->level = CL_TILE_ENTRIES;
	files->index = files->from / CL_TILE_WIDTH;
	files->over = files->size == 0;
	return files;
}

/* To the next file that is not there already: entries, tiles, the checkpoint. */
static int
next_width(LogFiles *files)
{
	for (; files->level < CL_TILE_LEVELS; files->level++)
	{
		int			width = cl_tile_width(files->size, files->level, files->index);

		if (width == cl_tile_width(files->from, files->level, files->index) && width > 0)
			width = cl_tile_width(files->size, files->level, ++files->index);
		if (width > 0)
			return width;
		files->index = cl_tile_hashes(files->from, files->level + 1) / CL_TILE_WIDTH;
	}
	return 0;
}

/* SQL: log_files(from_size, size). */
Datum
consent_log_files(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	LogFiles   *files;
	char		path[CL_TILE_PATH_MAX] = "checkpoint";
	Datum		values[2];
	bool		isnull[2] = {0};
	int			width;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		context = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		context->user_fctx = begin_files(fcinfo);
		if (get_call_result_type(fcinfo, NULL, &context->tuple_desc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		BlessTupleDesc(context->tuple_desc);
		MemoryContextSwitchTo(old);
	}
	context = SRF_PERCALL_SETUP();
	files = context->user_fctx;
	if (files->over)
		SRF_RETURN_DONE(context);
	width = next_width(files);
	if (width > 0)
	{
		cl_tile_path(files->level, files->index, width, path);
		values[1] = read_file(files->level, files->index++, width);
	}
	else
	{
		char	   *note = cosigned_require(files->size);

		values[1] = bytes_datum(note, strlen(note));
		files->over = true;
	}
	values[0] = CStringGetTextDatum(path);
	SRF_RETURN_NEXT(context, HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, isnull)));
}
