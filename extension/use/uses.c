/*
 * uses.c
 *		Uses with the verdict they had, and the one they would have now.
 *
 * Uses are read block by block and answered in batches, so that the rows they
 * are about are looked up (for their time of collection) many at a time.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "ledger/store.h"
#include "use/ask.h"
#include "use/ranged.h"
#include "use/uses.h"

/* A use that waits for its answer. */
typedef struct Waiting
{
	UseEntry	entry;
	const RunPart *part;
} Waiting;

struct UseReader
{
	Wanted		wanted;
	TakeUse		take;
	void	   *arg;
	const Run  *run;
	const RunPart *parts;
	int			nparts;
	Ask		   *now;
	Ask		   *then;			/* for retroactive uses: as of the use, as known now */
	const char *table_name;
	const ProtectedTable *table;	/* NULL: not declared any more */
	const Whole *whole;			/* of withdrawn uses, if they are many */
	int64		asked_subject;	/* about all of whose data was asked last */
	bool		asked_permits;
	Ranged	   *ranged;
	Waiting    *waiting;
	int			nwaiting;
	int			allocated;
	MemoryContext batch;		/* of what the waiting ones point to, and of answers */
};

/* ---- answers ---- */

static cl_verdict
ask_about(Ask *ask, const AnsweredUse *use, bool *permitted)
{
	AskRow		row = {0};
	GateParty	party = {0};
	UseCode		code;

	row.row.table = use->table;
	row.rule = PARTY_ALL;
	row.row.row_key = use->row_key;
	row.row.row_key_len = use->row_key_len;
	row.row.has_collected = use->has_collected;
	row.row.collected = use->collected;
	party.kind = GATE_SUBJECT_NO;
	party.number = use->entry->subject;
	row.parties = &party;
	row.nparties = use->entry->subject == NO_PARTY ? 0 : 1;
	row.codes = &code;
	*permitted = ask_row(ask, &row);
	return use_code_verdict(code);
}

/* Was it agreed to by what was recorded after the use? */
static bool
answer_retroactive(UseReader *r, AnsweredUse *use)
{
	bool		permitted_then;
	bool		permitted_now;

	if (!r->run->past)
		ask_past(r->then, use->part->recorded_at, use->part->recorded_at);
	ask_about(r->then, use, &permitted_then);
	use->now = ask_about(r->now, use, &permitted_now);
	use->has_now = true;
	use->because = permitted_then ? "recorded_late" : "agreed_later";
	return permitted_then || permitted_now;
}

/*
 * False if the use is not one of those wanted.  With a row that is gone went
 * when it was collected; nobody can tell what that decides.
 */
static bool
answer_use(UseReader *r, AnsweredUse *use, const CollectedTimes *times)
{
	bool		permitted;

	if (r->wanted == WANT_COLLECTED)
		return true;
	if (r->wanted == WANT_RETROACTIVE)
		return answer_retroactive(r, use);
	use->now = ask_about(r->now, use, &permitted);
	use->has_now = use->now != CL_OUTSIDE_DATA_PERIOD || times == NULL ||
		collected_row_exists(times, use->row_key, use->row_key_len);
	return r->wanted != WANT_WITHDRAWN || (use->has_now && !permitted);
}

static const char *
row_state(const CollectedTimes *times, const AnsweredUse *use)
{
	if (!collected_table_exists(times))
		return "table gone";
	return collected_row_exists(times, use->row_key, use->row_key_len) ? "here" : "row gone";
}

static void
answer_one(UseReader *r, const Waiting *waiting, const CollectedTimes *times)
{
	AnsweredUse use = {0};
	char		buf[ROW_KEY_TEXT_SIZE];

	use.run = r->run;
	use.part = waiting->part;
	use.table_name = r->table_name;
	use.table = r->table;
	use.entry = &waiting->entry;
	use.row_key = row_key_text(&waiting->entry.key, buf, &use.row_key_len);
	use.has_collected = times && collected_find(times, use.row_key, use.row_key_len, &use.collected);
	if (r->wanted == WANT_COLLECTED)
		use.row_state = row_state(times, &use);
	if (answer_use(r, &use, times))
		r->take(&use, r->arg);
}

/* ---- batches ---- */

/* Can her verdict depend on when a row was collected? */
static bool
depends_on_time(UseReader *r, int64 subject)
{
	return (!r->whole || whole_by_row(r->whole, subject)) && ranged_subject(r->ranged, subject);
}

/* The rows' times of collection, where an answer may depend on them. */
static CollectedTimes *
look_up_times(UseReader *r)
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
answer_waiting(UseReader *r)
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
		CHECK_FOR_INTERRUPTS();
		answer_one(r, &r->waiting[i], times);
		MemoryContextReset(each);
	}
	r->nwaiting = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(r->batch);
}

/* Can the use be one of those wanted, as far as it tells itself? */
static bool
may_be_wanted(const UseReader *r, UseCode code)
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
passed_over(UseReader *r, int64 subject)
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
next_subject(const UseReader *r, int64 subject)
{
	return r->whole ? whole_next_other(r->whole, subject + 1) : subject + 1;
}

/* NULL: there are blocks of a part that is not there, as verify() finds. */
static const RunPart *
find_part(const UseReader *r, int64 part)
{
	int			low = 0;
	int			high = r->nparts;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (r->parts[middle].part < part)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->nparts && r->parts[low].part == part ? &r->parts[low] : NULL;
}

static void
wait_for_answer(UseReader *r, const UseEntry *entry, const RunPart *part)
{
	Waiting    *use;

	if (part == NULL)
		return;
	if (r->nwaiting == r->allocated)
		answer_waiting(r);
	use = &r->waiting[r->nwaiting++];
	use->entry = *entry;
	use->part = part;
	if (entry->key.kind == ROW_KEY_INT)
		return;
	use->entry.key.bytes = MemoryContextAlloc(r->batch, Max(entry->key.len, 1));
	memcpy(unconstify(char *, use->entry.key.bytes), entry->key.bytes, entry->key.len);
}

/* ---- reading ---- */

UseReader *
uses_begin(Wanted wanted, TakeUse take, void *arg)
{
	UseReader  *r = palloc0(sizeof(UseReader));

	r->wanted = wanted;
	r->take = take;
	r->arg = arg;
	r->ranged = ranged_begin();
	r->allocated = collected_batch();
	r->waiting = palloc(r->allocated * sizeof(Waiting));
	r->batch = AllocSetContextCreate(CurrentMemoryContext, "consent uses answered",
									 ALLOCSET_DEFAULT_SIZES);
	return r;
}

void
uses_end(UseReader *r)
{
	ranged_end(r->ranged);
}

static double
count_uses(const UseReader *r)
{
	double		uses = 0;

	for (int i = 0; i < r->nparts; i++)
		uses += r->parts[i].uses;
	return uses;
}

void
uses_begin_run(UseReader *r, const Run *run, const RunPart *parts, int nparts)
{
	r->run = run;
	r->parts = parts;
	r->nparts = nparts;
	r->now = ask_create(run->purposes, run->npurposes);
	r->then = ask_create(run->purposes, run->npurposes);
	if (run->past)
		ask_past(r->then, run->used_from, run->used_last);
	r->asked_subject = NO_PARTY;
	r->whole = NULL;
	if (r->wanted == WANT_WITHDRAWN)
		r->whole = ask_whole(r->now, count_uses(r));
}

void
uses_read(UseReader *r, const char *table, UseMerge *uses)
{
	uint64		n = 0;
	UseEntry	entry;
	int64		part;

	r->table_name = table;
	r->table = declared_find_table(declared_get(), table, strlen(table));
	gate_expect_few(r->whole != NULL);
	while (merge_next(uses, &entry, &part))
	{
		if (++n % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		if (passed_over(r, entry.subject))
			merge_seek(uses, next_subject(r, entry.subject));
		else if (may_be_wanted(r, entry.code))
			wait_for_answer(r, &entry, find_part(r, part));
	}
	answer_waiting(r);
	gate_expect_few(false);
}
