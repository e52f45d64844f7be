/*
 * proven.c
 *		What others' signatures prove about when something was recorded.
 *
 * A seal embeds the hash of a cosignature or time-stamp, so it was made after
 * that; a checkpoint that covers it was cosigned or stamped, so it was made
 * before that.  Between two events the order is proven where one's seal embeds a
 * checkpoint that covers the other's, or where their bounds do not overlap.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/seal.h"
#include "ledger/declared.h"
#include "ledger/leaves.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/bounds.h"
#include "log/bytes.h"
#include "log/quorum.h"
#include "use/run.h"

#define HEADS_COMPARED 16		/* checkpoints among which the earliest bound is looked for */

PG_FUNCTION_INFO_V1(consent_proven_time);
PG_FUNCTION_INFO_V1(consent_proven_order);

/* What is proven of an event. */
typedef struct Proven
{
	int64		event_id;
	TimestampTz recorded_at;	/* as the ledger says */
	cl_seal		seal;
	int64		leaf;			/* -1: not in the log */
	bool		has_lower;
	TimestampTz not_before;
	char	   *not_before_by;
	int64		lower_size;		/* of the checkpoint that was cosigned or stamped */
	bool		has_upper;
	TimestampTz not_after;
	List	   *not_after_by;
} Proven;

/* ---- the event and its seal ---- */

static void
refuse_unknown(int64 event_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA),
			 errmsg("there is no event " INT64_FORMAT, event_id)));
}

static void
read_event(Proven *p)
{
	Store	   *store = store_open("event_log", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	row;
	bool		isnull;

	store_key_int8(&key, Anum_event_log_event_id, p->event_id);
	scan = store_scan(store, "event_log_pkey", GetActiveSnapshot(), 1, &key);
	row = store_next(scan);
	if (!row)
		refuse_unknown(p->event_id);
	p->recorded_at = DatumGetTimestampTz(store_get(store, row, Anum_event_log_recorded_at, &isnull));
	store_end(scan);
	store_close(store);
}

static void
read_seal(Proven *p)
{
	Store	   *store = store_open("seal", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	row;
	bool		isnull;
	char	   *note;

	store_key_int8(&key, Anum_seal_seal_no, p->event_id / CL_SEAL_EVENTS);
	scan = store_scan(store, "seal_pkey", GetActiveSnapshot(), 1, &key);
	row = store_next(scan);
	if (!row)
		refuse_unknown(p->event_id);
	note = TextDatumGetCString(store_get(store, row, Anum_seal_note, &isnull));
	if (!cl_seal_parse(note, cl_note_text(note, strlen(note)), &p->seal))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("seal " INT64_FORMAT " is not the note of a seal", p->event_id / CL_SEAL_EVENTS),
				 errhint("SELECT * FROM consent.verify() tells what was changed.")));
	store_end(scan);
	store_close(store);
}

/* ---- from below ---- */

static void
find_lower(Proven *p)
{
	Store	   *store;
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	row;
	bool		isnull;
	TimestampTz not_after;

	if (!p->seal.has_bound)
		return;
	store = store_open("cosignature", AccessShareLock);
	store_key_bytea(&key, Anum_cosignature_hash, DatumGetByteaP(bytes_datum(p->seal.bound, CL_HASH_BYTES)));
	scan = store_scan(store, "cosignature_hash", GetActiveSnapshot(), 1, &key);
	row = store_next(scan);
	p->has_lower = row && bound_times(store, row, &p->not_before, &not_after);
	if (p->has_lower)
	{
		p->not_before_by = TextDatumGetCString(store_get(store, row, Anum_cosignature_name, &isnull));
		p->lower_size = DatumGetInt64(store_get(store, row, Anum_cosignature_size, &isnull));
	}
	store_end(scan);
	store_close(store);
}

/* ---- from above ---- */

/* Somebody who has seen a checkpoint, and by when. */
typedef struct Seen
{
	char	   *name;
	TimestampTz at;
} Seen;

static int
compare_seen(const ListCell *a, const ListCell *b)
{
	const Seen *x = lfirst(a);
	const Seen *y = lfirst(b);

	return x->at < y->at ? -1 : x->at > y->at;
}

static void
keep_earliest(Proven *p, TimestampTz at, List *names)
{
	if (p->has_upper && p->not_after <= at)
		return;
	p->has_upper = true;
	p->not_after = at;
	p->not_after_by = names;
}

/* Of the witnesses of a checkpoint, when enough of them had seen it. */
static void
count_witnesses(Proven *p, List *seen, const Quorum *quorum)
{
	List	   *names = NIL;
	ListCell   *cell;

	list_sort(seen, compare_seen);
	foreach(cell, seen)
	{
		Seen	   *s = lfirst(cell);
		ListCell   *other;

		foreach(other, names)
			if (strcmp(lfirst(other), s->name) == 0)
				break;
		if (other)
			continue;
		names = lappend(names, s->name);
		if (quorum->needed == 0 || quorum_count(quorum, names) == quorum->needed)
		{
			keep_earliest(p, s->at, names);
			return;
		}
	}
}

/*
 * The earliest time by which a time-stamp, or witnesses enough for the ledger's
 * quorum, covered the leaf.
 */
static void
find_upper(Proven *p)
{
	Quorum		quorum = quorum_read(GetActiveSnapshot());
	Store	   *store = store_open("cosignature", AccessShareLock);
	List	   *seen = NIL;
	int64		size = 0;
	int			compared = 0;
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	row;
	bool		isnull;

	store_key_int8_from(&key, Anum_cosignature_size, p->leaf + 1);
	scan = store_scan(store, "cosignature_size", GetActiveSnapshot(), 1, &key);
	while ((row = store_next(scan)) != NULL)
	{
		int64		row_size = DatumGetInt64(store_get(store, row, Anum_cosignature_size, &isnull));
		TimestampTz not_before;
		Seen	   *s = palloc(sizeof(Seen));

		CHECK_FOR_INTERRUPTS();
		if (row_size != size)
		{
			count_witnesses(p, seen, &quorum);
			if (p->has_upper && ++compared == HEADS_COMPARED)
				break;
			seen = NIL;
		}
		size = row_size;
		if (!bound_times(store, row, &not_before, &s->at))
			continue;
		s->name = TextDatumGetCString(store_get(store, row, Anum_cosignature_name, &isnull));
		if (strcmp(TextDatumGetCString(store_get(store, row, Anum_cosignature_kind, &isnull)), BOUND_TIMESTAMP) == 0)
			keep_earliest(p, s->at, list_make1(s->name));
		else
			seen = lappend(seen, s);
	}
	count_witnesses(p, seen, &quorum);
	store_end(scan);
	store_close(store);
}

static void
prove(int64 event_id, Proven *p)
{
	memset(p, 0, sizeof(*p));
	p->event_id = event_id;
	if (event_id <= 0)
		refuse_unknown(event_id);
	read_event(p);
	read_seal(p);
	p->leaf = leaves_of_seal(event_id / CL_SEAL_EVENTS, GetActiveSnapshot());
	find_lower(p);
	if (p->leaf >= 0)
		find_upper(p);
}

/* ---- answers ---- */

static Datum
names_array(List *names)
{
	int			n = list_length(names);
	char	  **items = palloc(Max(n, 1) * sizeof(char *));

	for (int i = 0; i < n; i++)
		items[i] = list_nth(names, i);
	return run_make_text_array(items, n);
}

static Datum
make_row(FunctionCallInfo fcinfo, Datum *values, bool *isnull)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull));
}

/* SQL: proven_time(event_id). */
Datum
consent_proven_time(PG_FUNCTION_ARGS)
{
	Proven		p;
	Datum		values[6] = {0};
	bool		isnull[6] = {0};

	declared_get();				/* says so if there is no ledger */
	prove(PG_GETARG_INT64(0), &p);
	isnull[0] = isnull[1] = !p.has_lower;
	isnull[2] = isnull[3] = !p.has_upper;
	isnull[5] = p.leaf < 0;
	if (p.has_lower)
	{
		values[0] = TimestampTzGetDatum(p.not_before);
		values[1] = CStringGetTextDatum(p.not_before_by);
	}
	if (p.has_upper)
	{
		values[2] = TimestampTzGetDatum(p.not_after);
		values[3] = names_array(p.not_after_by);
	}
	values[4] = TimestampTzGetDatum(p.recorded_at);
	values[5] = Int64GetDatum(p.leaf);
	PG_RETURN_DATUM(make_row(fcinfo, values, isnull));
}

/* Why the first was recorded before the second, or NULL if nothing proves it. */
static char *
why_before(const Proven *a, const Proven *b)
{
	if (a->leaf >= 0 && b->seal.checkpoint_size > a->leaf)
		return psprintf("The seal of event " INT64_FORMAT " embeds a checkpoint of size " INT64_FORMAT ", which covers that of event " INT64_FORMAT ", leaf " INT64_FORMAT ".",
						b->event_id, b->seal.checkpoint_size, a->event_id, a->leaf);
	if (a->leaf >= 0 && b->has_lower && b->lower_size > a->leaf)
		return psprintf("The seal of event " INT64_FORMAT " embeds what %s said of a checkpoint of size " INT64_FORMAT ", which covers that of event " INT64_FORMAT ", leaf " INT64_FORMAT ".",
						b->event_id, b->not_before_by, b->lower_size, a->event_id, a->leaf);
	if (a->has_upper && b->has_lower && a->not_after < b->not_before)
		return psprintf("Event " INT64_FORMAT " was recorded by %s, as %s saw, and event " INT64_FORMAT " not before %s, as it builds on what %s said.",
						a->event_id, pstrdup(timestamptz_to_str(a->not_after)), (char *) linitial(a->not_after_by),
						b->event_id, pstrdup(timestamptz_to_str(b->not_before)), b->not_before_by);
	return NULL;
}

/* SQL: proven_order(a, b). */
Datum
consent_proven_order(PG_FUNCTION_ARGS)
{
	Proven		a;
	Proven		b;
	Datum		values[2];
	bool		isnull[2] = {0};
	const char *order = "before";
	char	   *because;

	declared_get();
	prove(PG_GETARG_INT64(0), &a);
	prove(PG_GETARG_INT64(1), &b);
	because = why_before(&a, &b);
	if (!because)
	{
		order = "after";
		because = why_before(&b, &a);
	}
	if (!because)
	{
		order = "undecidable";
		because = "Neither seal embeds what covers the other, and the bounds of their times overlap or are missing.";
	}
	values[0] = CStringGetTextDatum(order);
	values[1] = CStringGetTextDatum(because);
	PG_RETURN_DATUM(make_row(fcinfo, values, isnull));
}
