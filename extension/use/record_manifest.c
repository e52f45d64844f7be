/*
 * record_manifest.c
 *		record_use(run, manifest).
 *
 * What a manifest found stays, but for subjects that changed since: they are
 * asked about again.  For a run of the past all are, as of its used_at.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "ledger/arguments.h"
#include "ledger/subject.h"
#include "use/collected.h"
#include "use/manifest.h"
#include "use/pending.h"
#include "use/ranged.h"
#include "use/recheck.h"

PG_FUNCTION_INFO_V1(consent_record_use_manifest);

/* A use to be asked about again. */
typedef struct Again
{
	UseEntry	entry;
	char	   *subject_key;	/* NULL: known by number */
} Again;

typedef struct Recording
{
	PendingRun *pending;
	Recheck    *recheck;
	Ranged	   *ranged;
	bool		all;
	const ProtectedTable *table;
	UseTable   *target;
	int64		uses;
	int64		subject;		/* who was looked at last, */
	bool		subject_again;	/* and whether she is asked about again */
	int			nagain;
	int			allocated;
	Again	   *again;
	MemoryContext context;		/* of what the waiting ones point to */
} Recording;

static void
check_purposes(const Run *run, const Manifest *manifest)
{
	bool		same = run->npurposes == manifest->npurposes;

	for (int i = 0; same && i < run->npurposes; i++)
		same = strcmp(run->purposes[i], manifest->purposes[i]) == 0;
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the manifest and run " INT64_FORMAT " are not for the same purposes", run->run_id),
				 errhint("Make the manifest with the purposes of the run.")));
}

/* ---- asking again ---- */

/*
 * The code that stands, of the old one and that of the party by herself now.
 * Where a row is not here, nothing says when it was collected, and who asked
 * there knew; and a row that others' verdicts permitted stays permitted.
 */
static UseCode
settle(Recording *r, bool row_is_here, UseCode old, UseCode now)
{
	if (r->pending->run->past)
		return now;
	if (!row_is_here && use_code_verdict(now) == CL_OUTSIDE_DATA_PERIOD)
		return old;
	if (r->table->rule != PARTY_ALL && use_code_permitted(old) &&
		!ask_permits(r->pending->ask, r->table, old))
		return now | USE_PERMITTED;
	return now;
}

static void
ask_one(Recording *r, Again *again, CollectedTimes *times)
{
	AskRow		row = {0};
	GateParty	party = {0};
	UseCode		code;
	char		buf[ROW_KEY_TEXT_SIZE];
	bool		row_is_here;

	row.row.table = r->table;
	row.rule = PARTY_ALL;
	row.row.row_key = row_key_text(&again->entry.key, buf, &row.row.row_key_len);
	row.row.has_collected = collected_find(times, row.row.row_key, row.row.row_key_len,
										   &row.row.collected);
	row_is_here = collected_row_exists(times, row.row.row_key, row.row.row_key_len);
	party.kind = again->subject_key ? GATE_TEXT : GATE_SUBJECT_NO;
	party.bytes = again->subject_key;
	party.len = again->subject_key ? strlen(again->subject_key) : 0;
	party.number = again->entry.subject;
	row.parties = &party;
	row.nparties = again->subject_key || again->entry.subject != NO_PARTY ? 1 : 0;
	row.codes = &code;
	ask_row(r->pending->ask, &row);
	again->entry.code = settle(r, row_is_here, again->entry.code, code);
	again->entry.subject = party.subject_no;
	pending_add(r->pending, r->target, &again->entry,
				party.subject_no == NO_PARTY ? again->subject_key : NULL);
}

static void
ask_waiting(Recording *r)
{
	MemoryContext old = MemoryContextSwitchTo(r->context);
	CollectedTimes *times = collected_begin();

	for (int i = 0; i < r->nagain; i++)
		if (r->again[i].subject_key ||
			ranged_subject(r->ranged, r->again[i].entry.subject))
			collected_want(times, &r->again[i].entry.key);
	collected_look_up(times, r->table);
	for (int i = 0; i < r->nagain; i++)
		ask_one(r, &r->again[i], times);
	r->nagain = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(r->context);
}

static void
ask_later(Recording *r, const UseEntry *entry, const char *subject_key)
{
	Again	   *again;

	if (r->nagain == r->allocated)
		ask_waiting(r);
	again = &r->again[r->nagain++];
	again->entry = *entry;
	again->subject_key = subject_key ? MemoryContextStrdup(r->context, subject_key) : NULL;
	if (subject_key)
		again->entry.subject = NO_PARTY;
	if (entry->key.kind == ROW_KEY_INT)
		return;
	again->entry.key.bytes = MemoryContextAlloc(r->context, Max(entry->key.len, 1));
	memcpy(unconstify(char *, again->entry.key.bytes), entry->key.bytes, entry->key.len);
}

/* ---- taking over ---- */

/* Is this one of a subject that is asked about again? Her uses follow each other. */
static bool
is_asked_again(Recording *r, int64 subject)
{
	if (subject != r->subject)
		r->subject_again = r->all || (subject != NO_PARTY && recheck_subject(r->recheck, subject));
	r->subject = subject;
	return r->subject_again;
}

static void
take_entry(Recording *r, const UseEntry *entry)
{
	if (is_asked_again(r, entry->subject))
		ask_later(r, entry, NULL);
	else
		pending_add(r->pending, r->target, entry, NULL);
}

static bool
block_stands(Recording *r, BlockReader *reader, const char *data, int len)
{
	UseEntry	entry;

	block_open(reader, data, len);
	while (block_get(reader, &entry))
		if (is_asked_again(r, entry.subject))
			return false;
	return true;
}

/* Block by block, as they are but for those with somebody who is asked about again. */
static void
take_blocks(Recording *r, const UseSet *set, int nblocks)
{
	BlockReader *reader = block_reader();

	useset_begin_blocks(r->target->known);
	for (int i = 0; i < nblocks; i++)
	{
		BlockInfo	info;
		const char *data = useset_block(set, i, &info);
		UseEntry	entry;

		CHECK_FOR_INTERRUPTS();
		r->uses += info.entries;
		if (block_stands(r, reader, data, info.len))
		{
			pending_add_block(r->pending, r->target, data, &info);
			continue;
		}
		block_open(reader, data, info.len);
		while (block_get(reader, &entry))
			take_entry(r, &entry);
	}
}

static void
take_known(Recording *r, UseTable *source)
{
	int			nblocks = useset_blocks(source->known);
	UseMerge   *merge;
	UseEntry	entry;

	r->subject = -1;
	if (useset_takes_blocks(r->target->known, nblocks))
	{
		take_blocks(r, source->known, nblocks);
		return;
	}
	merge = merge_create();
	useset_read(source->known, merge, 0);
	while (merge_next(merge, &entry, NULL))
	{
		CHECK_FOR_INTERRUPTS();
		r->uses++;
		take_entry(r, &entry);
	}
}

/* Who is known by now has changed. */
static void
take_unknown(Recording *r, UseTable *source)
{
	UseMerge   *merge = merge_create();
	int64		place = -1;
	bool		again = false;
	UseEntry	entry;

	useset_read(source->unknown, merge, 0);
	while (merge_next(merge, &entry, NULL))
	{
		const char *key = strangers_key(source->strangers, entry.subject);

		CHECK_FOR_INTERRUPTS();
		r->uses++;
		if (entry.subject != place)
		{
			SubjectRow	row;

			subject_check_key(declared_get(), key, strlen(key));
			again = r->all || subject_find(key, strlen(key), GetActiveSnapshot(), &row);
		}
		place = entry.subject;
		if (again)
			ask_later(r, &entry, key);
		else
			pending_add(r->pending, r->target, &entry, key);
	}
}

static void
take_manifest(Recording *r, Manifest *manifest)
{
	ListCell   *lc;

	foreach(lc, manifest->tables)
	{
		UseTable   *source = lfirst(lc);

		r->table = declared_table(declared_get(), source->known_as, strlen(source->known_as));
		r->target = pending_table(r->pending, r->table->known_as);
		take_known(r, source);
		if (source->unknown)
			take_unknown(r, source);
		ask_waiting(r);
	}
}

static int64
record_manifest(int64 run_id, Datum value)
{
	Recording	r = {0};
	Manifest   *manifest = manifest_from_datum(value, CurrentMemoryContext);

	r.pending = pending_run(run_id);
	check_purposes(r.pending->run, manifest);
	r.allocated = collected_batch();
	r.again = palloc(r.allocated * sizeof(Again));
	r.context = AllocSetContextCreate(CurrentMemoryContext, "consent uses asked again",
									  ALLOCSET_DEFAULT_SIZES);
	store_push_latest_snapshot();
	r.recheck = recheck_begin(manifest->position);
	r.ranged = ranged_begin();
	r.all = r.pending->run->past || recheck_all(r.recheck);
	take_manifest(&r, manifest);
	ranged_end(r.ranged);
	recheck_end(r.recheck);
	store_pop_snapshot();
	return r.uses;
}

Datum
consent_record_use_manifest(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MemoryContext old;
	int64		uses;

	argument_refuse_null(fcinfo, 0, "run_id");
	if (PG_ARGISNULL(1))
		PG_RETURN_INT64(0);
	context = AllocSetContextCreate(CurrentMemoryContext, "consent record manifest",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	uses = record_manifest(PG_GETARG_INT64(0), PG_GETARG_DATUM(1));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	PG_RETURN_INT64(uses);
}
