/*
 * export.c
 *		What the seals of the log are over, as files: the events, and what runs
 *		used (docs/FORMAT.md, full exports).
 *
 * Events are numbered as they stand in the log: those of the first leaf, then
 * those of the second.  Each call gives one piece of one file, and holds
 * nothing open until the next one.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/run_event.h"
#include "core/seal.h"
#include "ledger/event.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/bytes.h"
#include "log/checkpoints.h"
#include "log/tree.h"
#include "use/part.h"

#define PIECE_BYTES (1024 * 1024)	/* of a part, about */
#define PATH_MAX_BYTES 64

PG_FUNCTION_INFO_V1(consent_export_files);

/* A file of a run: a part, or its draws. */
typedef struct RunFile
{
	int64		run_id;
	int64		part;			/* 0: the draws */
	char	  **tables;
	int			ntables;
} RunFile;

typedef struct ExportFiles
{
	int64		size;
	/* the next event */
	int64		leaf;			/* of its seal */
	int64		place;
	int64		number;			/* of the next bundle */
	int64		covered;		/* events that were before, in it */
	/* files of runs that these events tell of */
	List	   *runs;
	int			next_run;
	int			next_table;
	PartPlace	after;
	bool		begun;			/* the file's first piece was given */
	MemoryContext context;
	char	   *scratch;
} ExportFiles;

/* ---- events ---- */

static void
refuse_damaged(int64 seal_no)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("seal " INT64_FORMAT " does not hold the events that are there", seal_no),
			 errhint("SELECT * FROM consent.verify() tells what was changed.")));
}

/* The next leaf's seal. */
static void
next_seal(LeafScan *scan, cl_seal *seal)
{
	int64		seal_no;
	cl_value	note;

	CHECK_FOR_INTERRUPTS();
	if (!tree_next_leaf(scan, &seal_no, &note))
		elog(ERROR, "a leaf of the log is not there");
	if (!cl_seal_parse(note.data, cl_note_text(note.data, note.len), seal) || seal->number != seal_no)
		refuse_damaged(seal_no);
}

/*
 * Begin with the bundle that the first `from` leaves did not complete.  Counts
 * the events before it, so it is linear in them; the last 256 leaves hold all
 * that can be in that bundle.
 */
static void
begin_events(ExportFiles *files, int64 from)
{
	int64		before[CL_TILE_WIDTH];	/* events up to a leaf, of the last ones */
	LogTree    *tree = tree_open(GetActiveSnapshot());
	LeafScan   *scan = tree_leaves(tree, 0);
	int64		events = 0;
	int64		first;

	for (int64 leaf = 0; leaf < from; leaf++)
	{
		cl_seal		seal;

		before[leaf % CL_TILE_WIDTH] = events;
		next_seal(scan, &seal);
		events += seal.count;
	}
	tree_end_leaves(scan);
	tree_close(tree);
	files->number = events / CL_TILE_WIDTH;
	files->covered = events % CL_TILE_WIDTH;
	first = events - files->covered;
	for (files->leaf = from; events > first; events = before[files->leaf % CL_TILE_WIDTH])
		files->leaf--;
	files->place = first - events;
}

/* Note what an event of a run tells of. */
static void
note_run(ExportFiles *files, const char *bytes, size_t len)
{
	cl_run_event event;
	MemoryContext old;
	RunFile    *file;

	if (!cl_run_event_read(bytes, len, &event, files->scratch) || event.kind == CL_RUN_OPENED)
		return;
	old = MemoryContextSwitchTo(files->context);
	file = palloc0(sizeof(RunFile));
	file->run_id = event.run;
	if (event.kind == CL_RUN_PART)
	{
		char	   *tables = pnstrdup(event.tables.data, event.tables.len);

		file->part = event.part;
		file->tables = run_text_array(OidInputFunctionCall(F_ARRAY_IN, tables, TEXTOID, -1), &file->ntables);
	}
	files->runs = lappend(files->runs, file);
	MemoryContextSwitchTo(old);
}

/* Append events of the seal at hand until the bundle is full; returns how many. */
static int
take_events(ExportFiles *files, const cl_seal *seal, cl_buffer *bundle, int room)
{
	int64		first = seal->number * CL_SEAL_EVENTS;
	Store	   *store = store_open("event_log", AccessShareLock);
	char	   *bytes = palloc(CL_EVENT_MAX);
	int			n = 0;
	ScanKeyData key;
	StoreScan  *scan;

	store_key_int8_from(&key, Anum_event_log_event_id, first + files->place);
	scan = store_scan(store, "event_log_pkey", GetActiveSnapshot(), 1, &key);
	for (; n < room && files->place < seal->count; n++)
	{
		HeapTuple	tuple = store_next(scan);
		Datum		values[Natts_event_log];
		bool		isnull[Natts_event_log];
		size_t		len;

		if (!tuple)
			refuse_damaged(seal->number);
		heap_deform_tuple(tuple, RelationGetDescr(store_relation(store)), values, isnull);
		len = event_encode_row(values, isnull, bytes, CL_EVENT_MAX);
		if (DatumGetInt64(values[Anum_event_log_event_id - 1]) != first + files->place ||
			len == 0 || len > CL_EVENT_MAX)
			refuse_damaged(seal->number);
		if (bundle->cap - bundle->len < len + 2)
		{
			bundle->cap = 2 * bundle->cap + len;
			bundle->data = repalloc_huge(bundle->data, bundle->cap);
		}
		if (!cl_entry_put(bundle, bytes, len))
			refuse_damaged(seal->number);
		if (seal->kind == CL_SEAL_RUN && files->covered == 0)
			note_run(files, bytes, len);
		files->covered -= files->covered > 0;
		files->place++;
	}
	store_end(scan);
	store_close(store);
	pfree(bytes);
	return n;
}

/* The next bundle of events; 0 if all were given, else how many are in it. */
static int
next_bundle(ExportFiles *files, cl_buffer *bundle)
{
	LogTree    *tree = tree_open(GetActiveSnapshot());
	LeafScan   *scan = tree_leaves(tree, files->leaf);
	int			n = 0;

	while (n < CL_TILE_WIDTH && files->leaf < files->size)
	{
		cl_seal		seal;

		next_seal(scan, &seal);
		n += take_events(files, &seal, bundle, CL_TILE_WIDTH - n);
		if (files->place < seal.count)
			break;
		files->leaf++;
		files->place = 0;
	}
	tree_end_leaves(scan);
	tree_close(tree);
	return n;
}

/* ---- what runs used ---- */

static void
put_salt(int64 run_id, StringInfo out)
{
	uint8		salt[CL_SALT_BYTES];

	run_salt(run_id, GetActiveSnapshot(), salt);
	appendBinaryStringInfo(out, (char *) salt, sizeof(salt));
}

/* Append the next piece of a part; false if that was the last. */
static bool
put_blocks(ExportFiles *files, const RunFile *file, StringInfo out)
{
	PartHash   *copy = part_copy_begin(out);

	for (; files->next_table < file->ntables; files->next_table++)
	{
		if (out->len >= PIECE_BYTES ||
			part_copy_blocks(copy, file->run_id, file->part, file->tables[files->next_table],
							 GetActiveSnapshot(), PIECE_BYTES, &files->after))
			return true;
		files->after = (PartPlace) {0, -1};
	}
	return false;
}

/* Append the next piece of a run's file. */
static void
next_piece(ExportFiles *files, const RunFile *file, StringInfo out)
{
	bool		more = false;

	if (!files->begun)
		put_salt(file->run_id, out);
	files->begun = true;
	if (file->part == 0)
		run_copy_draws(file->run_id, GetActiveSnapshot(), out);
	else
		more = put_blocks(files, file, out);
	if (more)
		return;
	files->begun = false;
	files->next_table = 0;
	files->after = (PartPlace) {0, -1};
	files->next_run++;
}

/* ---- all of them ---- */

static ExportFiles *
begin_files(FunctionCallInfo fcinfo)
{
	ExportFiles *files = palloc0(sizeof(ExportFiles));
	int64		from = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0);
	int64		size = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1);

	files->size = checkpoint_wanted(from, PG_ARGISNULL(1) ? NULL : &size);
	files->context = CurrentMemoryContext;
	files->scratch = palloc(2 * CL_EVENT_MAX);
	files->after = (PartPlace) {0, -1};
	if (from < files->size)
		begin_events(files, from);
	else
		files->leaf = files->size;
	return files;
}

/* The next file or piece of one; false if there is none. */
static bool
next_file(ExportFiles *files, char *path, Datum *data)
{
	cl_buffer	bundle = {.cap = CL_TILE_WIDTH * 512, .len = VARHDRSZ};
	char		place[CL_TILE_PATH_MAX];
	int			n;

	bundle.data = palloc(bundle.cap);
	n = next_bundle(files, &bundle);
	if (n > 0)
	{
		cl_tile_path(CL_TILE_ENTRIES, files->number++, n, place);
		snprintf(path, PATH_MAX_BYTES, "events/%s", place + strlen("tile/entries/"));
		SET_VARSIZE(bundle.data, bundle.len);
		*data = PointerGetDatum(bundle.data);
		return true;
	}
	if (files->next_run < list_length(files->runs))
	{
		RunFile    *file = list_nth(files->runs, files->next_run);
		StringInfoData out;

		snprintf(path, PATH_MAX_BYTES, file->part == 0 ? "manifests/" INT64_FORMAT "/draws" :
				 "manifests/" INT64_FORMAT "/" INT64_FORMAT, file->run_id, file->part);
		initStringInfo(&out);
		next_piece(files, file, &out);
		*data = bytes_datum(out.data, out.len);
		return true;
	}
	return false;
}

/* SQL: export_files(from_size, size). */
Datum
consent_export_files(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	char		path[PATH_MAX_BYTES];
	Datum		values[2];
	bool		isnull[2] = {0};

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		context = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &context->tuple_desc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		BlessTupleDesc(context->tuple_desc);
		context->user_fctx = begin_files(fcinfo);
		MemoryContextSwitchTo(old);
	}
	context = SRF_PERCALL_SETUP();
	if (!next_file(context->user_fctx, path, &values[1]))
		SRF_RETURN_DONE(context);
	values[0] = CStringGetTextDatum(path);
	SRF_RETURN_NEXT(context, HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, isnull)));
}
