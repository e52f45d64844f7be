/*
 * report.c
 *		record_use(run, table, keys): report back by key what was used.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "ledger/arguments.h"
#include "use/columns.h"
#include "use/lookup.h"
#include "use/part.h"
#include "use/pending.h"
#include "use/report.h"
#include "use/seen.h"

PG_FUNCTION_INFO_V1(consent_record_use_keys);

/* What one report found. */
typedef struct Report
{
	PendingRun *pending;
	const ProtectedTable *table;
	bits8	   *seen;			/* which of the keys were found */
	int			nseen;
	UseTable   *uses;			/* every use */
	UseTable   *rows;			/* one use of each row: that of its first party */
	bool		row_begins;
	int64		found;			/* rows */
	int64		already;
	int64		not_permitted;
} Report;

static void
keep_use(const UseEntry *entry, const char *subject_key, void *arg)
{
	Report	   *report = arg;

	usetable_add(report->uses, entry, subject_key);
	if (report->row_begins)
		usetable_add(report->rows, entry, subject_key);
	report->row_begins = false;
}

static void
see_key(Report *report, int32 place)
{
	bits8	   *byte = &report->seen[(place - 1) / BITS_PER_BYTE];
	bits8		bit = 1 << (place - 1) % BITS_PER_BYTE;

	report->nseen += (*byte & bit) == 0;
	*byte |= bit;
}

static void
found_row(const FoundRow *found, void *arg)
{
	Report	   *report = arg;
	AskRow		row = {0};

	see_key(report, found->place);

	row_from_found(report->table, found, &row);
	if (!ask_row(report->pending->ask, &row))
		report->not_permitted++;
	report->row_begins = true;
	row_uses(&row, keep_use, report);
}

/* ---- what was there already ---- */

/* More parts than these are not looked into one after another, if that can be helped. */
#define FEW_PARTS 16

/* Where to look for uses that were recorded before. */
typedef struct Before
{
	const Run  *run;
	const char *table;
	Store	   *blocks;
	const Seen *seen;			/* NULL: each part is looked into */
	int			nparts;
	RunPart    *parts;			/* where seen does not tell their numbers */
	UseSource **sources;		/* of the parts, NULL until they are needed */
	UseProbe   *pending;
} Before;

static void
open_parts(Before *before)
{
	before->seen = seen_of(before->blocks, before->run);
	if (!before->seen)
	{
		before->parts = run_parts(before->run->run_id, GetActiveSnapshot(), &before->nparts);
		if (before->nparts > FEW_PARTS)
			before->seen = seen_read(before->blocks, before->run, before->parts, before->nparts);
	}
	if (before->seen)
		before->nparts = seen_nparts(before->seen);
	before->sources = palloc0(mul_size(Max(before->nparts, 1), sizeof(UseSource *)));
}

static Before *
open_before(Report *report)
{
	Before	   *before = palloc0(sizeof(Before));
	UseTable   *table = usetable_find(report->pending->tables, report->table->known_as);

	store_push_latest_snapshot();
	before->run = report->pending->run;
	before->table = report->table->known_as;
	before->blocks = store_open("manifest_block", AccessShareLock);
	open_parts(before);
	if (table)
		before->pending = useset_probe(table->known);
	return before;
}

static void
close_before(Before *before)
{
	store_close(before->blocks);
	store_pop_snapshot();
}

static bool
is_in_part(Before *before, int place, const UseEntry *entry)
{
	if (before->sources[place] == NULL)
	{
		RunPart		part = {.part = before->seen ? seen_part(before->seen, place) : before->parts[place].part};

		before->sources[place] = part_source(before->blocks, before->run->run_id, &part,
											 before->table, NO_PARTY);
	}
	return part_contains(before->sources[place], entry);
}

static bool
was_there(Before *before, const UseEntry *entry)
{
	SeenProbe	probe;
	int			place;

	if (before->pending && useset_contains(before->pending, entry))
		return true;
	if (!before->seen)
	{
		for (int i = 0; i < before->nparts; i++)
			if (is_in_part(before, i, entry))
				return true;
		return false;
	}
	seen_probe(before->seen, before->table, entry, &probe);
	while ((place = seen_next(before->seen, &probe)) >= 0)
		if (is_in_part(before, place, entry))
			return true;
	return false;
}

/* Count the rows, and those recorded for this run before. */
static void
count_known(Report *report)
{
	Before	   *before = open_before(report);
	UseMerge   *merge = merge_create();
	UseEntry	entry;

	useset_read(report->rows->known, merge, 0);
	while (merge_next(merge, &entry, NULL))
	{
		CHECK_FOR_INTERRUPTS();
		report->found++;
		report->already += was_there(before, &entry);
	}
	close_before(before);
}

/* The same; what the ledger does not know can only be pending. */
static void
count_unknown(Report *report)
{
	UseTable   *table = usetable_find(report->pending->tables, report->table->known_as);
	UseMerge   *merge;
	UseProbe   *probe;
	UseEntry	entry;

	if (!report->rows->unknown)
		return;
	merge = merge_create();
	probe = table && table->unknown ? useset_probe(table->unknown) : NULL;
	useset_read(report->rows->unknown, merge, 0);
	while (merge_next(merge, &entry, NULL))
	{
		const char *key = strangers_key(report->rows->strangers, entry.subject);

		report->found++;
		entry.subject = probe ? strangers_find(table->strangers, key) : 0;
		if (entry.subject > 0)
			report->already += useset_contains(probe, &entry);
	}
}

/* ---- recording ---- */

static void
add_set(Report *report, UseTable *target, UseSet *set, const Strangers *strangers)
{
	UseMerge   *merge = merge_create();
	UseEntry	entry;

	useset_read(set, merge, 0);
	while (merge_next(merge, &entry, NULL))
	{
		const char *key = strangers ? strangers_key(strangers, entry.subject) : NULL;

		pending_add(report->pending, target, &entry, key);
	}
}

static void
add_uses(Report *report)
{
	UseTable   *target = pending_table(report->pending, report->table->known_as);

	add_set(report, target, report->uses->known, NULL);
	if (report->uses->unknown)
		add_set(report, target, report->uses->unknown, report->uses->strangers);
}

static UseTable *
working_table(const ProtectedTable *table)
{
	return usetable_create(CurrentMemoryContext, table->known_as,
						   (Size) work_mem * 1024 / 2, true);
}

ReportCounts
report_keys(int64 run_id, const ProtectedTable *table, const Strangers *keys)
{
	Report		report = {0};
	ReportCounts counts;
	Oid			relid = lookup_relation(table, false);

	report.pending = pending_run(run_id);
	report.table = table;
	report.seen = palloc0(strangers_count(keys) / BITS_PER_BYTE + 1);
	report.uses = working_table(table);
	report.rows = working_table(table);
	lookup_rows(relid, table, keys, found_row, &report);
	count_known(&report);
	count_unknown(&report);
	counts.added = report.found - report.already;
	counts.already = report.already;
	counts.missing = strangers_count(keys) - report.nseen;
	counts.not_permitted = report.not_permitted;
	if (counts.added > 0)
		add_uses(&report);
	usetable_destroy(report.uses);
	usetable_destroy(report.rows);
	return counts;
}

/* ---- arguments ---- */

/* The texts of the keys, each once; the array may be of text, bigint or uuid. */
static Strangers *
distinct_texts(ArrayType *array)
{
	Oid			type = ARR_ELEMTYPE(array);
	Strangers  *texts = strangers_create(CurrentMemoryContext);
	Oid			output;
	bool		varlena;
	int16		typlen;
	bool		byval;
	char		align;
	Datum	   *values;
	bool	   *isnull;
	int			n;

	get_typlenbyvalalign(type, &typlen, &byval, &align);
	getTypeOutputInfo(type, &output, &varlena);
	deconstruct_array(array, type, typlen, byval, align, &values, &isnull, &n);
	for (int i = 0; i < n; i++)
	{
		char	   *key;

		if (isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a row key cannot be NULL")));
		key = OidOutputFunctionCall(output, values[i]);
		strangers_place(texts, key, strlen(key));
		pfree(key);
	}
	return texts;
}

Datum
consent_record_use_keys(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "consent report",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	ReportCounts counts;
	text	   *name;
	TupleDesc	desc;
	Datum		values[4];
	bool		isnull[4] = {0};

	argument_refuse_null(fcinfo, 0, "run_id");
	argument_refuse_null(fcinfo, 1, "table_name");
	argument_refuse_null(fcinfo, 2, "row_keys");
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	name = PG_GETARG_TEXT_PP(1);
	old = MemoryContextSwitchTo(context);
	counts = report_keys(PG_GETARG_INT64(0),
						 declared_table(declared_get(), VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)),
						 distinct_texts(PG_GETARG_ARRAYTYPE_P(2)));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	values[0] = Int64GetDatum(counts.added);
	values[1] = Int64GetDatum(counts.already);
	values[2] = Int64GetDatum(counts.missing);
	values[3] = Int64GetDatum(counts.not_permitted);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull)));
}
