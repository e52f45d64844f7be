/*
 * uses.c
 *		What auditors ask about uses: the uses of a run, or of a subject, with
 *		the verdict they had and the one they would have now.
 *
 * Uses are read block by block and answered in batches, so that the rows they
 * are about are looked up (for their time of collection) many at a time.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "ledger/intake.h"
#include "ledger/subject.h"
#include "ledger/tables.h"
#include "type/consent.h"
#include "use/ask.h"
#include "use/collected.h"
#include "use/part.h"
#include "use/ranged.h"
#include "use/run.h"
#include "use/tables.h"
#include "use/union.h"

PG_FUNCTION_INFO_V1(consent_run_uses);
PG_FUNCTION_INFO_V1(consent_subject_uses);

/* Which uses are wanted. */
typedef enum Wanted
{
	WANT_ALL,
	WANT_WITHDRAWN,				/* permitted then, not now */
	WANT_PRESET,				/* resting on a preset */
	WANT_UNPERMITTED,			/* not permitted then */
	WANT_RETROACTIVE,			/* not permitted then, but by what came later */
	WANT_COLLECTED				/* all, with when the row was collected */
} Wanted;

static const char *const wanted_names[] = {
	"all", "withdrawn", "preset", "unpermitted", "retroactive", "collected"
};

/* Columns of the result. */
enum
{
	Use_run_id = 1,
	Use_part,
	Use_part_event,
	Use_table_name,
	Use_row_key,
	Use_subject_no,
	Use_verdict_then,
	Use_permitted_then,
	Use_verdict_now,
	Use_because,
	Use_recorded_at,
	Use_collected_at,
	Use_row_state,
	Natts_use = Use_row_state
};

/* A use that waits for its answer. */
typedef struct Waiting
{
	UseEntry	entry;
	const RunPart *part;
} Waiting;

typedef struct Reader
{
	ReturnSetInfo *result;
	Wanted		wanted;
	Run		   *run;
	RunPart    *parts;
	int			nparts;
	Ask		   *now;
	Ask		   *then;			/* for retroactive uses: as of the use, as known now */
	const char *table_name;
	const ProtectedTable *table;	/* NULL: not declared any more */
	const Whole *whole;			/* of withdrawn uses, if they are many */
	int64		asked_subject;	/* about all of whose data was asked last */
	bool		asked_permits;
	Store	   *blocks;
	Ranged	   *ranged;
	Waiting    *waiting;
	int			nwaiting;
	int			allocated;
	MemoryContext batch;		/* of what the waiting ones point to, and of answers */
} Reader;

/* An answer about one use. */
typedef struct Answer
{
	bool		has_now;
	cl_verdict	now;
	const char *because;		/* retroactive: how */
} Answer;

/* ---- answers ---- */

static cl_verdict
ask_about(Ask *ask, const Reader *r, const UseEntry *entry, const CollectedTimes *times,
		  bool *permitted)
{
	AskRow		row = {0};
	GateParty	party = {0};
	UseCode		code;
	char		buf[ROW_KEY_TEXT_SIZE];

	row.row.table = r->table;
	row.rule = PARTY_ALL;
	row.row.row_key = row_key_text(&entry->key, buf, &row.row.row_key_len);
	if (times)
		row.row.has_collected = collected_find(times, row.row.row_key, row.row.row_key_len,
											   &row.row.collected);
	party.kind = GATE_SUBJECT_NO;
	party.number = entry->subject;
	row.parties = &party;
	row.nparties = entry->subject == NO_PARTY ? 0 : 1;
	row.codes = &code;
	*permitted = ask_row(ask, &row);
	return use_code_verdict(code);
}

/* With a row that is gone went when it was collected; nobody can tell what that decides. */
static bool
row_is_there(const CollectedTimes *times, const RowKey *key)
{
	char		buf[ROW_KEY_TEXT_SIZE];
	int			len;
	const char *text = row_key_text(key, buf, &len);

	return times == NULL || collected_row_exists(times, text, len);
}

/* Was it agreed to by what was recorded after the use? */
static bool
answer_retroactive(Reader *r, const Waiting *use, const CollectedTimes *times, Answer *answer)
{
	bool		permitted_then;
	bool		permitted_now;

	if (!r->run->past)
		ask_past(r->then, use->part->recorded_at, use->part->recorded_at);
	ask_about(r->then, r, &use->entry, times, &permitted_then);
	answer->now = ask_about(r->now, r, &use->entry, times, &permitted_now);
	answer->has_now = true;
	answer->because = permitted_then ? "recorded_late" : "agreed_later";
	return permitted_then || permitted_now;
}

/* False if the use is not one of those wanted. */
static bool
answer_use(Reader *r, const Waiting *use, const CollectedTimes *times, Answer *answer)
{
	bool		permitted;

	memset(answer, 0, sizeof(Answer));
	if (r->wanted == WANT_COLLECTED)
		return true;
	if (r->wanted == WANT_RETROACTIVE)
		return answer_retroactive(r, use, times, answer);
	answer->now = ask_about(r->now, r, &use->entry, times, &permitted);
	answer->has_now = answer->now != CL_OUTSIDE_DATA_PERIOD || row_is_there(times, &use->entry.key);
	return r->wanted != WANT_WITHDRAWN || (answer->has_now && !permitted);
}

/* ---- rows of the result ---- */

static void
set_column(Datum *values, bool *isnull, int n, Datum value)
{
	values[n - 1] = value;
	isnull[n - 1] = false;
}

static void
set_collected(Reader *r, const CollectedTimes *times, const char *key, int len,
			  Datum *values, bool *isnull)
{
	TimestampTz at;
	const char *state = "here";

	if (times && collected_find(times, key, len, &at))
		set_column(values, isnull, Use_collected_at, TimestampTzGetDatum(at));
	if (r->wanted != WANT_COLLECTED)
		return;
	if (!collected_table_exists(times))
		state = "table gone";
	else if (!collected_row_exists(times, key, len))
		state = "row gone";
	set_column(values, isnull, Use_row_state, CStringGetTextDatum(state));
}

static void
emit(Reader *r, const Waiting *use, const Answer *answer, const CollectedTimes *times)
{
	Datum		values[Natts_use];
	bool		isnull[Natts_use];
	char		buf[ROW_KEY_TEXT_SIZE];
	int			len;
	const char *key = row_key_text(&use->entry.key, buf, &len);

	memset(isnull, true, sizeof(isnull));
	set_column(values, isnull, Use_run_id, Int64GetDatum(r->run->run_id));
	set_column(values, isnull, Use_part, Int64GetDatum(use->part->part));
	set_column(values, isnull, Use_part_event, Int64GetDatum(use->part->event_id));
	set_column(values, isnull, Use_table_name, CStringGetTextDatum(r->table_name));
	set_column(values, isnull, Use_row_key, PointerGetDatum(cstring_to_text_with_len(key, len)));
	if (use->entry.subject != NO_PARTY)
		set_column(values, isnull, Use_subject_no, Int64GetDatum(use->entry.subject));
	set_column(values, isnull, Use_verdict_then, verdict_datum(use_code_verdict(use->entry.code)));
	set_column(values, isnull, Use_permitted_then, BoolGetDatum(use_code_permitted(use->entry.code)));
	if (answer->has_now)
		set_column(values, isnull, Use_verdict_now, verdict_datum(answer->now));
	if (answer->because)
		set_column(values, isnull, Use_because, CStringGetTextDatum(answer->because));
	set_column(values, isnull, Use_recorded_at, TimestampTzGetDatum(use->part->recorded_at));
	set_collected(r, times, key, len, values, isnull);
	tuplestore_putvalues(r->result->setResult, r->result->setDesc, values, isnull);
}

/* ---- batches ---- */

/* Can her verdict depend on when a row was collected? */
static bool
depends_on_time(Reader *r, int64 subject)
{
	return (!r->whole || whole_by_row(r->whole, subject)) && ranged_subject(r->ranged, subject);
}

/* The rows' times of collection, where an answer may depend on them. */
static CollectedTimes *
look_up_times(Reader *r)
{
	CollectedTimes *times;

	if (!r->table || (r->wanted != WANT_COLLECTED && !r->table->collected_at))
		return r->wanted == WANT_COLLECTED ? collected_begin() : NULL;
	times = collected_begin();
	for (int i = 0; i < r->nwaiting; i++)
		if (r->wanted == WANT_COLLECTED || depends_on_time(r, r->waiting[i].entry.subject))
			collected_want(times, &r->waiting[i].entry.key);
	collected_look_up(times, r->table);
	return times;
}

static void
answer_waiting(Reader *r)
{
	MemoryContext old;
	MemoryContext each;
	CollectedTimes *times;

	if (r->nwaiting == 0)
		return;
	old = MemoryContextSwitchTo(r->batch);
	times = look_up_times(r);
	each = AllocSetContextCreate(r->batch, "consent answer", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(each);
	for (int i = 0; i < r->nwaiting; i++)
	{
		Answer		answer;

		CHECK_FOR_INTERRUPTS();
		if (answer_use(r, &r->waiting[i], times, &answer))
			emit(r, &r->waiting[i], &answer, times);
		MemoryContextReset(each);
	}
	r->nwaiting = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(r->batch);
}

/* Can the use be one of those wanted, as far as it tells itself? */
static bool
may_be_wanted(const Reader *r, UseCode code)
{
	switch (r->wanted)
	{
		case WANT_WITHDRAWN:
			return ask_permits(r->now, r->table, code);
		case WANT_PRESET:
			return use_code_verdict(code) == CL_PRESET_ON;
		case WANT_UNPERMITTED:
		case WANT_RETROACTIVE:
			return !use_code_permitted(code);
		default:
			return true;
	}
}

/*
 * Is nothing of this subject wanted, whatever her rows?  She is asked about
 * once, since her uses of a table follow each other.
 */
static bool
passed_over(Reader *r, int64 subject)
{
	if (r->wanted != WANT_WITHDRAWN || subject == NO_PARTY || subject == PG_INT64_MAX)
		return false;
	if (r->whole)
		return whole_permits(r->whole, subject);
	if (subject != r->asked_subject)
	{
		r->asked_subject = subject;
		r->asked_permits = ask_permits_all_of(r->now, subject);
	}
	return r->asked_permits;
}

/* After a subject that was passed over, whose uses are the next to be looked at? */
static int64
next_subject(const Reader *r, int64 subject)
{
	return r->whole ? whole_next_other(r->whole, subject + 1) : subject + 1;
}

static const RunPart *
find_part(const Reader *r, int64 part)
{
	int			low = 0;
	int			high = r->nparts - 1;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (r->parts[middle].part < part)
			low = middle + 1;
		else
			high = middle;
	}
	return &r->parts[low];
}

static void
wait_for_answer(Reader *r, const UseEntry *entry, int64 part)
{
	Waiting    *use;

	if (r->nwaiting == r->allocated)
		answer_waiting(r);
	use = &r->waiting[r->nwaiting++];
	use->entry = *entry;
	use->part = find_part(r, part);
	if (entry->key.kind == ROW_KEY_INT)
		return;
	use->entry.key.bytes = MemoryContextAlloc(r->batch, Max(entry->key.len, 1));
	memcpy(unconstify(char *, use->entry.key.bytes), entry->key.bytes, entry->key.len);
}

/* ---- reading ---- */

static void
read_table(Reader *r, const char *table, bool one_subject, int64 subject)
{
	UseMerge   *merge = union_read(r->blocks, r->run->run_id, r->parts, r->nparts, table, subject);
	uint64		n = 0;
	UseEntry	entry;
	int64		part;

	r->table_name = table;
	r->table = declared_find_table(declared_get(), table, strlen(table));
	while (merge_next(merge, &entry, &part))
	{
		if (++n % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		if (one_subject && entry.subject < subject)
			continue;
		if (one_subject && entry.subject > subject)
			break;
		if (passed_over(r, entry.subject))
			merge_seek(merge, next_subject(r, entry.subject));
		else if (may_be_wanted(r, entry.code))
			wait_for_answer(r, &entry, part);
	}
	answer_waiting(r);
}

static double
count_uses(const Reader *r)
{
	double		uses = 0;

	for (int i = 0; i < r->nparts; i++)
		uses += r->parts[i].uses;
	return uses;
}

static void
read_run(Reader *r, bool one_subject, int64 subject)
{
	int			ntables;
	char	  **tables;

	r->parts = run_parts(r->run->run_id, GetActiveSnapshot(), &r->nparts);
	r->now = ask_create(r->run->purposes, r->run->npurposes);
	r->then = ask_create(r->run->purposes, r->run->npurposes);
	if (r->run->past)
		ask_past(r->then, r->run->used_from, r->run->used_last);
	r->whole = NULL;
	if (r->wanted == WANT_WITHDRAWN)
		r->whole = ask_whole(r->now, count_uses(r));
	gate_expect_few(r->whole != NULL);
	tables = union_tables(r->parts, r->nparts, &ntables);
	for (int i = 0; i < ntables; i++)
		read_table(r, tables[i], one_subject, subject);
	gate_expect_few(false);
}

static void
begin_reader(FunctionCallInfo fcinfo, Reader *r)
{
	InitMaterializedSRF(fcinfo, 0);
	r->result = (ReturnSetInfo *) fcinfo->resultinfo;
	if (r->result->setDesc->natts != Natts_use)
		elog(ERROR, "the result of a function on uses has the wrong columns");
	r->blocks = store_open("manifest_block", AccessShareLock);
	r->ranged = ranged_begin();
	r->allocated = collected_batch();
	r->waiting = palloc(r->allocated * sizeof(Waiting));
	r->batch = AllocSetContextCreate(CurrentMemoryContext, "consent uses answered",
									 ALLOCSET_DEFAULT_SIZES);
}

static void
end_reader(Reader *r)
{
	ranged_end(r->ranged);
	store_close(r->blocks);
}

static Wanted
wanted_argument(text *argument)
{
	char	   *name = text_to_cstring(argument);

	for (size_t i = 0; i < lengthof(wanted_names); i++)
		if (strcmp(name, wanted_names[i]) == 0)
			return (Wanted) i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown kind of uses \"%s\"", name),
			 errhint("Use all, withdrawn, preset, unpermitted, retroactive or collected.")));
}

/* run_uses(run_id, which); strict */
Datum
consent_run_uses(PG_FUNCTION_ARGS)
{
	Reader		r = {0};
	Store	   *runs = store_open("run", AccessShareLock);

	r.wanted = wanted_argument(PG_GETARG_TEXT_PP(1));
	r.run = run_get(runs, PG_GETARG_INT64(0));
	begin_reader(fcinfo, &r);
	read_run(&r, false, NO_PARTY);
	end_reader(&r);
	store_close(runs);
	return (Datum) 0;
}

/* subject_uses(subject); strict. Runs are read one after another. */
Datum
consent_subject_uses(PG_FUNCTION_ARGS)
{
	Reader		r = {0};
	char	   *key = intake_subject_argument(fcinfo, 0);
	SubjectRow	subject;
	Store	   *runs;
	StoreScan  *scan;
	HeapTuple	tuple;
	MemoryContext each;
	MemoryContext old;

	begin_reader(fcinfo, &r);
	/* Of somebody erased nothing is told: it would tie her to it again. */
	if (!subject_find(key, strlen(key), GetActiveSnapshot(), &subject) || subject.erased)
	{
		end_reader(&r);
		return (Datum) 0;
	}
	runs = store_open("run", AccessShareLock);
	each = AllocSetContextCreate(CurrentMemoryContext, "consent run", ALLOCSET_DEFAULT_SIZES);
	scan = store_scan(runs, NULL, GetActiveSnapshot(), 0, NULL);
	while ((tuple = store_next(scan)) != NULL)
	{
		old = MemoryContextSwitchTo(each);
		r.run = run_from_tuple(runs, tuple);
		read_run(&r, true, subject.subject_no);
		MemoryContextSwitchTo(old);
		MemoryContextReset(each);
	}
	store_end(scan);
	store_close(runs);
	end_reader(&r);
	return (Datum) 0;
}
