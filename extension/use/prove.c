/*
 * prove.c
 *		What closed runs used of one subject, or that they used nothing of hers,
 *		for people who do not trust us (docs/FORMAT.md).
 *
 * The receipts of the log, which is unknown here, are handed in as texts.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "core/never_used.h"
#include "core/use_proof.h"
#include "ledger/arguments.h"
#include "ledger/declared.h"
#include "ledger/event.h"
#include "ledger/intake.h"
#include "ledger/subject.h"
#include "ledger/tables.h"
#include "use/way.h"

PG_FUNCTION_INFO_V1(consent_subject_number);
PG_FUNCTION_INFO_V1(consent_use_proof);
PG_FUNCTION_INFO_V1(consent_never_used_head);
PG_FUNCTION_INFO_V1(consent_never_used_event);

/* ---- subjects ---- */

/* What proves who a subject is. */
typedef struct Identity
{
	int64		subject_no;
	cl_value	key;
	uint8		salt[CL_SALT_BYTES];
} Identity;

static void
refuse_erased(const char *who)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("subject %s is erased", who),
			 errdetail("Nothing can be proved about her any more: key and salt, which it takes, are gone.")));
}

static void
refuse_unknown(const char *who)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA),
			 errmsg("unknown subject %s", who),
			 errdetail("The ledger holds nothing about this subject.")));
}

/* SQL: subject_number(subject); strict. */
Datum
consent_subject_number(PG_FUNCTION_ARGS)
{
	char	   *key = intake_subject_argument(fcinfo, 0);
	SubjectRow	row;

	if (!subject_find(key, strlen(key), GetActiveSnapshot(), &row))
		refuse_unknown(psprintf("\"%s\"", key));
	if (row.erased)
		refuse_erased(psprintf("\"%s\"", key));
	PG_RETURN_INT64(row.subject_no);
}

/* Her key and salt; nobody who is erased has them. */
static void
find_identity(int64 subject_no, Identity *identity)
{
	Store	   *store = store_open("subject", AccessShareLock);
	ScanKeyData scankey;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		no_key;
	bool		no_salt;
	Datum		key;
	Datum		salt;

	store_key_int8(&scankey, Anum_subject_subject_no, subject_no);
	scan = store_scan(store, "subject_pkey", GetActiveSnapshot(), 1, &scankey);
	tuple = store_next(scan);
	if (!tuple)
		refuse_unknown(psprintf(INT64_FORMAT, subject_no));
	key = store_get(store, tuple, Anum_subject_key, &no_key);
	salt = store_get(store, tuple, Anum_subject_salt, &no_salt);
	if (no_key || no_salt)
		refuse_erased(psprintf(INT64_FORMAT, subject_no));
	if (VARSIZE_ANY_EXHDR(DatumGetByteaPP(salt)) != CL_SALT_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the salt of subject " INT64_FORMAT " has another length", subject_no),
				 errhint("Ask consent.verify() what was changed.")));
	identity->subject_no = subject_no;
	identity->key = cl_string(TextDatumGetCString(key));
	memcpy(identity->salt, VARDATA_ANY(DatumGetByteaPP(salt)), CL_SALT_BYTES);
	store_end(scan);
	store_close(store);
}

/* ---- one run ---- */

static void
refuse_unprovable(const Run *run, bool used)
{
	if (run->closed_event == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("run " INT64_FORMAT " is not closed", run->run_id),
				 errdetail("What it will have used is not yet decided."),
				 errhint("Close it with consent.close_run().")));
	if (run->missing > 0 && !used)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg_plural("%d part of run " INT64_FORMAT " is missing",
							   "%d parts of run " INT64_FORMAT " are missing",
							   run->missing, run->missing, run->run_id),
				 errdetail("Transactions that began to use data for it ended without sealing what they had read, so that nobody can be proved not to be in it.")));
}

static void
refuse_contrary(int64 run_id, int64 subject_no, bool used)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("run " INT64_FORMAT " used %s of subject " INT64_FORMAT, run_id,
					used ? "rows" : "no rows", subject_no),
			 errhint("Prove that with consent.%s().", used ? "prove_use" : "prove_non_use")));
}

/* Find the way to her position; the contrary of what is to be proved is an error. */
static void
find_way(const Run *run, const Identity *identity, bool used, cl_prefix_proof *way, cl_value *rows)
{
	Ways	   *ways = ways_begin(run);
	cl_hash		position;
	cl_hash		nonce;

	if (cl_use_place(identity->salt, cl_string(declared_get()->origin), run->run_id, position, nonce) != CL_OK)
		elog(ERROR, "could not compute an HMAC");
	ways_find(ways, position, way);
	if ((way->end == CL_PREFIX_HERE) != used)
		refuse_contrary(run->run_id, identity->subject_no, !used);
	if (used)
		*rows = ways_rows(ways, identity->subject_no);
	ways_end(ways);
}

static Run *
find_run(int64 run_id)
{
	Store	   *runs = store_open("run", AccessShareLock);
	Run		   *run = run_get(runs, run_id);

	store_close(runs);
	return run;
}

/* Room for a text of which the core said how long it is. */
static text *
make_text(size_t len)
{
	text	   *result;

	if (len == 0)
		elog(ERROR, "could not write a proof");
	if (len > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the proof would have %zu bytes", len)));
	result = palloc(VARHDRSZ + len);
	SET_VARSIZE(result, VARHDRSZ + len);
	return result;
}

/* A text argument as it is; absent if it is NULL. */
static cl_value
value_argument(FunctionCallInfo fcinfo, int n)
{
	text	   *argument;

	if (PG_ARGISNULL(n))
		return (cl_value) {NULL, 0};
	argument = PG_GETARG_TEXT_PP(n);
	return (cl_value) {VARDATA_ANY(argument), VARSIZE_ANY_EXHDR(argument)};
}

/* SQL: use_proof(run_id, subject_no, used, opened, closed, event). */
Datum
consent_use_proof(PG_FUNCTION_ARGS)
{
	cl_use_proof proof = {.origin = cl_string(declared_get()->origin)};
	Identity	identity;
	bool		used;
	Run		   *run;
	text	   *result;
	size_t		len;

	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(i))
			PG_RETURN_NULL();
	used = PG_GETARG_BOOL(2);
	run = find_run(PG_GETARG_INT64(0));
	refuse_unprovable(run, used);
	argument_refuse_null(fcinfo, 3, "opened");
	argument_refuse_null(fcinfo, 4, "closed");
	find_identity(PG_GETARG_INT64(1), &identity);
	find_way(run, &identity, used, &proof.tree, &proof.rows);
	proof.run = run->run_id;
	proof.subject_no = identity.subject_no;
	proof.key = identity.key;
	memcpy(proof.salt, identity.salt, CL_SALT_BYTES);
	proof.opened = value_argument(fcinfo, 3);
	proof.closed = value_argument(fcinfo, 4);
	proof.event = value_argument(fcinfo, 5);
	len = cl_use_proof_write(&proof, NULL, 0);
	result = make_text(len);
	cl_use_proof_write(&proof, VARDATA(result), len);
	PG_RETURN_TEXT_P(result);
}

/* ---- all runs ---- */

/* SQL: never_used_head(subject_no, checkpoint, event): the first line. */
Datum
consent_never_used_head(PG_FUNCTION_ARGS)
{
	cl_never_head head = {.origin = cl_string(declared_get()->origin)};
	Identity	identity;
	text	   *result;
	size_t		len;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	find_identity(PG_GETARG_INT64(0), &identity);
	head.subject_no = identity.subject_no;
	head.key = identity.key;
	memcpy(head.salt, identity.salt, CL_SALT_BYTES);
	head.checkpoint = value_argument(fcinfo, 1);
	head.event = value_argument(fcinfo, 2);
	len = cl_never_put_head(&head, NULL, 0);
	result = make_text(len);
	cl_never_put_head(&head, VARDATA(result), len);
	PG_RETURN_TEXT_P(result);
}

/* The canonical bytes of an event. */
static cl_value
find_event(int64 event_id)
{
	Store	   *store = store_open("event_log", AccessShareLock);
	char	   *bytes = palloc(CL_EVENT_MAX);
	size_t		len = 0;
	Datum		values[Natts_event_log];
	bool		isnull[Natts_event_log];
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;

	store_key_int8(&key, Anum_event_log_event_id, event_id);
	scan = store_scan(store, "event_log_pkey", GetActiveSnapshot(), 1, &key);
	if ((tuple = store_next(scan)) != NULL)
	{
		heap_deform_tuple(tuple, RelationGetDescr(store_relation(store)), values, isnull);
		len = event_encode_row(values, isnull, bytes, CL_EVENT_MAX);
	}
	if (len == 0 || len > CL_EVENT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("event " INT64_FORMAT " does not exist", event_id)));
	store_end(scan);
	store_close(store);
	return (cl_value) {bytes, len};
}

/*
 * SQL: never_used_event(event_id, leaf_index, subject_no); strict.  The line of an
 * event of a run, and the one with the way if it closes it.
 */
Datum
consent_never_used_event(PG_FUNCTION_ARGS)
{
	int64		leaf_index = PG_GETARG_INT64(1);
	cl_value	bytes = find_event(PG_GETARG_INT64(0));
	char	   *scratch = palloc(2 * CL_EVENT_MAX);
	cl_prefix_proof way = {0};
	bool		closes;
	cl_run_event event;
	size_t		len = cl_never_put_event(leaf_index, bytes, NULL, 0);
	size_t		way_len = 0;
	text	   *result;

	if (!cl_run_event_read(bytes.data, bytes.len, &event, scratch))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("event " INT64_FORMAT " is not one of a run", PG_GETARG_INT64(0))));
	closes = event.kind == CL_RUN_CLOSED;
	if (closes)
	{
		Identity	identity;

		find_identity(PG_GETARG_INT64(2), &identity);
		find_way(find_run(event.run), &identity, false, &way, NULL);
		way_len = cl_never_put_way(event.run, &way, NULL, 0);
	}
	result = make_text(len + way_len);
	cl_never_put_event(leaf_index, bytes, VARDATA(result), len);
	if (closes)
		cl_never_put_way(event.run, &way, VARDATA(result) + len, way_len);
	PG_RETURN_TEXT_P(result);
}
