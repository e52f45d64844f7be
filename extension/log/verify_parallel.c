/*
 * verify_parallel.c
 *		Look at seals and their events, and at subjects, on all cores.
 *
 * Workers report nothing but what ranges are sound.  Whatever is not, the
 * leader goes through again in order, as if it were alone: so the findings and
 * their order do not depend on how many workers there were, and a ledger that
 * is sound, which is the long case, is hashed by all.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "optimizer/paths.h"
#include "port/atomics.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "ledger/guard.h"
#include "ledger/tables.h"
#include "log/verify_parallel.h"

#define KEY_SHARED	UINT64CONST(0xC0000001)
#define KEY_ORIGIN	UINT64CONST(0xC0000002)
#define KEY_SECRET	UINT64CONST(0xC0000003)
#define KEY_SEAL_KEYS	UINT64CONST(0xC0000004)

/* Ranges are small enough to go round, and large enough to be worth a scan. */
#define SHARE		32
#define RANGES_MAX	(1 << 20)

typedef struct Shared
{
	Verify		v;				/* the leader's; its pointers are not ours */
	int			task;
	int64		from;
	int64		to;
	int64		width;
	uint32		nranges;
	pg_atomic_uint32 next;
	pg_atomic_uint64 rows;
	pg_atomic_uint64 greatest;
	pg_atomic_uint64 erased;
	char		states[FLEXIBLE_ARRAY_MEMBER];	/* VerifyState, each written by who took it */
} Shared;

PGDLLEXPORT void consent_verify_worker(dsm_segment *segment, shm_toc *toc);

static const VerifyTask *const tasks[] = {&verify_seals_task, &verify_subjects_task};

/* ---- looking ---- */

static void
note_greatest(pg_atomic_uint64 *greatest, int64 number)
{
	uint64		known = pg_atomic_read_u64(greatest);

	while ((int64) known < number &&
		   !pg_atomic_compare_exchange_u64(greatest, &known, (uint64) number))
		;
}

/* Take ranges until there are none left; the leader tells how far all are. */
static void
take_ranges(Shared *shared, const VerifyTask *task, Verify *v, Verify *leader)
{
	void	   *pass = task->begin(v);
	uint32		i;

	while ((i = pg_atomic_fetch_add_u32(&shared->next, 1)) < shared->nranges)
	{
		int64		from = shared->from + i * shared->width;
		VerifyCount count = {0};

		shared->states[i] = task->look(pass, from, Min(from + shared->width, shared->to), &count);
		pg_atomic_fetch_add_u64(&shared->rows, count.rows);
		pg_atomic_fetch_add_u64(&shared->erased, count.erased);
		note_greatest(&shared->greatest, count.greatest);
		if (leader)
			verify_report(leader, task->what, pg_atomic_read_u64(&shared->rows));
	}
	task->end(pass);
}

/* Go by what the leader knows, and count findings only. */
static void
look(Shared *shared, char *origin, bytea *secret, SealKey *seal_keys, Snapshot snapshot, Verify *leader)
{
	Verify		v = shared->v;

	v.findings = NULL;
	v.origin = origin;
	v.seal_keys = seal_keys;
	v.suppression_key = VARSIZE(secret) > VARHDRSZ ? secret : NULL;
	v.snapshot = snapshot;
	v.declared = v.used = v.runs = NULL;
	v.scratch = AllocSetContextCreate(CurrentMemoryContext, "consent verify range", ALLOCSET_DEFAULT_SIZES);
	take_ranges(shared, tasks[shared->task], &v, leader);
	MemoryContextDelete(v.scratch);
}

void
consent_verify_worker(dsm_segment *segment, shm_toc *toc)
{
	look(shm_toc_lookup(toc, KEY_SHARED, false), shm_toc_lookup(toc, KEY_ORIGIN, false),
		 shm_toc_lookup(toc, KEY_SECRET, false), shm_toc_lookup(toc, KEY_SEAL_KEYS, false),
		 GetActiveSnapshot(), NULL);
}

/* ---- what the leader does ---- */

static int64
table_pages(const char *table)
{
	Store	   *store = store_open(table, AccessShareLock);
	int64		pages = RelationGetNumberOfBlocks(store_relation(store));

	store_close(store);
	return pages;
}

/* Without these indexes a range would be found by reading all of a table. */
static bool
has_indexes(void)
{
	static const AttrNumber first[] = {1};
	static const AttrNumber leaf[] = {Anum_leaf_seal_no};
	static const AttrNumber about[] = {Anum_event_log_subject_no, Anum_event_log_event_id};
	static const AttrNumber scope[] = {Anum_scope_state_subject_no, Anum_scope_state_table_name, Anum_scope_state_row_key};

	return verify_has_index("seal", "seal_pkey", 1, first) &&
		verify_has_index("seal_pending", "seal_pending_pkey", 1, first) &&
		verify_has_index("leaf", "leaf_seal", 1, leaf) &&
		verify_has_index("event_log", "event_log_pkey", 1, first) &&
		verify_has_index("event_log", "event_log_subject", 2, about) &&
		verify_has_index("scope_state", "scope_state_key", 3, scope) &&
		verify_has_index("evidence", "evidence_pkey", 1, first) &&
		verify_has_index("subject", "subject_pkey", 1, first);
}

/* What is handed to workers, beside the ranges. */
typedef struct Handed
{
	const VerifyTask *task;
	int64		from;
	int64		to;
	int64		width;
	uint32		nranges;
	const bytea *secret;
} Handed;

static void *
share_bytes(shm_toc *toc, uint64 key, const void *bytes, size_t len)
{
	void	   *copy = shm_toc_allocate(toc, len);

	if (len > 0)
		memcpy(copy, bytes, len);
	shm_toc_insert(toc, key, copy);
	return copy;
}

static Shared *
share(shm_toc *toc, const Verify *v, const Handed *h)
{
	Shared	   *shared = shm_toc_allocate(toc, offsetof(Shared, states) + h->nranges);

	memset(shared, 0, offsetof(Shared, states) + h->nranges);
	shared->v = *v;
	while (tasks[shared->task] != h->task)
		shared->task++;
	shared->from = h->from;
	shared->to = h->to;
	shared->width = h->width;
	shared->nranges = h->nranges;
	pg_atomic_init_u32(&shared->next, 0);
	pg_atomic_init_u64(&shared->rows, 0);
	pg_atomic_init_u64(&shared->greatest, 0);
	pg_atomic_init_u64(&shared->erased, 0);
	shm_toc_insert(toc, KEY_SHARED, shared);
	share_bytes(toc, KEY_ORIGIN, v->origin, strlen(v->origin) + 1);
	share_bytes(toc, KEY_SECRET, h->secret, VARSIZE(h->secret));
	share_bytes(toc, KEY_SEAL_KEYS, v->seal_keys, v->nseal_keys * sizeof(SealKey));
	return shared;
}

static ParallelContext *
begin_parallel(const Verify *v, const Handed *h)
{
	ParallelContext *context = CreateParallelContext("$libdir/" EXTENSION_NAME, "consent_verify_worker",
													 max_parallel_maintenance_workers);

	shm_toc_estimate_chunk(&context->estimator, offsetof(Shared, states) + h->nranges);
	shm_toc_estimate_chunk(&context->estimator, strlen(v->origin) + 1);
	shm_toc_estimate_chunk(&context->estimator, VARSIZE(h->secret));
	shm_toc_estimate_chunk(&context->estimator, v->nseal_keys * sizeof(SealKey));
	shm_toc_estimate_keys(&context->estimator, 4);
	InitializeParallelDSM(context);
	return context;
}

static void
add_range(VerifyRange *ranges, int *n, int64 from, int64 to, VerifyState state)
{
	if (*n > 0 && ranges[*n - 1].state == state)
		ranges[*n - 1].to = to;
	else if (from < to)
		ranges[(*n)++] = (VerifyRange) {from, to, state};
}

/* Ranges as the workers left them, and what is before and after these. */
static VerifyRange *
read_states(const Shared *shared, int *n)
{
	VerifyRange *ranges = palloc_extended((shared->nranges + 2) * sizeof(VerifyRange), MCXT_ALLOC_HUGE);

	add_range(ranges, n, PG_INT64_MIN, shared->from, VERIFY_UNKNOWN);
	for (uint32 i = 0; i < shared->nranges; i++)
	{
		int64		from = shared->from + i * shared->width;

		add_range(ranges, n, from, Min(from + shared->width, shared->to), shared->states[i]);
	}
	add_range(ranges, n, shared->to, PG_INT64_MAX, VERIFY_UNKNOWN);
	return ranges;
}

static VerifyRange *
look_with_workers(Verify *v, const Handed *h, int *n, VerifyCount *count)
{
	VerifyRange *ranges = NULL;
	ParallelContext *context;

	EnterParallelMode();
	context = begin_parallel(v, h);
	if (context->seg)
	{
		Shared	   *shared = share(context->toc, v, h);

		LaunchParallelWorkers(context);
		if (context->nworkers_launched > 0)
		{
			look(shared, v->origin, (bytea *) h->secret, v->seal_keys, v->snapshot, v);
			WaitForParallelWorkersToFinish(context);
			count->greatest = (int64) pg_atomic_read_u64(&shared->greatest);
			count->erased = (int64) pg_atomic_read_u64(&shared->erased);
			ranges = read_states(shared, n);
		}
	}
	DestroyParallelContext(context);
	ExitParallelMode();
	return ranges;
}

/* A suppression key, or no bytes. */
static const bytea *
secret_of(const Verify *v)
{
	bytea	   *none;

	if (v->suppression_key)
		return DatumGetByteaPCopy(PointerGetDatum(v->suppression_key));
	none = palloc(VARHDRSZ);
	SET_VARSIZE(none, VARHDRSZ);
	return none;
}

VerifyRange *
verify_in_parallel(Verify *v, const VerifyTask *task, int64 from, int64 to, int *n, VerifyCount *count)
{
	VerifyRange *ranges = NULL;

	*n = 0;
	*count = (VerifyCount) {0};
	if (max_parallel_maintenance_workers > 0 && from < to &&
		table_pages("event_log") + table_pages("seal") >= min_parallel_table_scan_size && has_indexes())
	{
		Handed		h = {.task = task, .from = from, .secret = secret_of(v)};

		h.to = Min(to, from + RANGES_MAX * task->width);
		h.width = Max(1, Min(task->width, (h.to - from) / (SHARE * (max_parallel_maintenance_workers + 1))));
		h.nranges = (h.to - from + h.width - 1) / h.width;
		ranges = look_with_workers(v, &h, n, count);
	}
	if (!ranges)
	{
		ranges = palloc(sizeof(VerifyRange));
		add_range(ranges, n, PG_INT64_MIN, PG_INT64_MAX, VERIFY_UNKNOWN);
	}
	return ranges;
}

/* ---- where ranges begin and end ---- */

bool
verify_ends(Verify *v, const char *table, const char *index, AttrNumber attno, int64 *first, int64 *last)
{
	Store	   *store;
	StoreScan  *scan;
	HeapTuple	row;
	bool		isnull;
	bool		found = false;

	if (!verify_has_index(table, index, 1, &attno))
		return false;
	store = store_open(table, AccessShareLock);
	scan = store_scan(store, index, v->snapshot, 0, NULL);
	row = store_next(scan);
	if (row)
		*first = DatumGetInt64(store_get(store, row, attno, &isnull));
	store_end(scan);
	if (row)
	{
		scan = store_scan(store, index, v->snapshot, 0, NULL);
		row = store_previous(scan);
		found = row != NULL;
		if (row)
			*last = DatumGetInt64(store_get(store, row, attno, &isnull));
		store_end(scan);
	}
	store_close(store);
	return found;
}
