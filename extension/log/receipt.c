/*
 * receipt.c
 *		Receipts of events, for people who do not trust the ledger.
 *
 * A receipt of an event that is not yet in the log promises that it will be.
 * Nothing is promised of what a rollback or a crash could take back: the event
 * was committed by another transaction, and that is on disk before the promise
 * is signed.
 */
#include "postgres.h"

#include <limits.h>

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/receipt.h"
#include "ledger/event.h"
#include "ledger/signer.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/proof.h"
#include "log/receipt.h"

PG_FUNCTION_INFO_V1(consent_receipt);

static int	setting_include_within = 86400;	/* seconds */

/* An event in its seal. */
typedef struct Sealed
{
	int64		event_id;
	int64		seal_no;
	char	   *note;
	int64		count;
	cl_hash		root;
	cl_hash    *leaves;			/* of all events of the seal */
	char	   *event;			/* canonical bytes */
	size_t		event_len;
	int64		subject_no;		/* 0: about no subject */
	TransactionId written_by;
} Sealed;

void
receipt_init(void)
{
	DefineCustomIntVariable("consent_ledger.include_within",
							"Within what time a receipt promises that an event will be in the log.",
							"A receipt promises where the seal of the event is not yet under a checkpoint.",
							&setting_include_within, 86400, 1, INT_MAX,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
}

int
receipt_include_within(void)
{
	return setting_include_within;
}

static void
refuse_damaged(const Sealed *sealed)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("seal " INT64_FORMAT " does not hold the events that are there", sealed->seal_no),
			 errhint("SELECT * FROM consent.verify() tells what was changed.")));
}

static void
refuse_unknown(int64 event_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA),
			 errmsg("there is no event " INT64_FORMAT, event_id)));
}

/* ---- reading ---- */

static void
read_seal(Sealed *sealed)
{
	Store	   *store = store_open("seal", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		isnull;
	cl_seal		seal;
	size_t		len;

	store_key_int8(&key, Anum_seal_seal_no, sealed->seal_no);
	scan = store_scan(store, "seal_pkey", GetActiveSnapshot(), 1, &key);
	tuple = store_next(scan);
	if (!tuple)
		refuse_unknown(sealed->event_id);
	sealed->written_by = HeapTupleHeaderGetXmin(tuple->t_data);
	if (TransactionIdIsCurrentTransactionId(sealed->written_by))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("event " INT64_FORMAT " is not committed yet", sealed->event_id),
				 errhint("Ask for its receipt in a later transaction.")));
	sealed->note = TextDatumGetCString(store_get(store, tuple, Anum_seal_note, &isnull));
	store_end(scan);
	store_close(store);
	len = cl_note_text(sealed->note, strlen(sealed->note));
	if (!cl_seal_parse(sealed->note, len, &seal) || seal.number != sealed->seal_no)
		refuse_damaged(sealed);
	sealed->count = seal.count;
	memcpy(sealed->root, seal.root, CL_HASH_BYTES);
}

/* Hash the event in a row; keep the one that is asked for. */
static void
take_event(Sealed *sealed, const Datum *values, const bool *isnull, char *bytes)
{
	int64		event_id = DatumGetInt64(values[Anum_event_log_event_id - 1]);
	size_t		len = event_encode_row(values, isnull, bytes, CL_EVENT_MAX);

	if (len == 0 || len > CL_EVENT_MAX)
		refuse_damaged(sealed);
	if (cl_merkle_leaf(bytes, len, sealed->leaves[event_id % CL_SEAL_EVENTS]) != CL_OK)
		elog(ERROR, "could not compute a hash");
	if (event_id != sealed->event_id)
		return;
	memcpy(sealed->event, bytes, len);
	sealed->event_len = len;
	if (!isnull[Anum_event_log_subject_no - 1])
		sealed->subject_no = DatumGetInt64(values[Anum_event_log_subject_no - 1]);
}

/* Read all events of the seal; they must be what was sealed. */
static void
read_events(Sealed *sealed)
{
	int64		first = sealed->seal_no * CL_SEAL_EVENTS;
	Store	   *store = store_open("event_log", AccessShareLock);
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "consent receipt row",
											  ALLOCSET_SMALL_SIZES);
	char	   *bytes = palloc(CL_EVENT_MAX);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	cl_hash		root;

	sealed->event = palloc(CL_EVENT_MAX);
	sealed->leaves = palloc(sealed->count * sizeof(cl_hash));
	store_key_int8_from(&key, Anum_event_log_event_id, first);
	scan = store_scan(store, "event_log_pkey", GetActiveSnapshot(), 1, &key);
	for (int64 place = 0; place < sealed->count; place++)
	{
		MemoryContext old = MemoryContextSwitchTo(row);
		Datum		values[Natts_event_log];
		bool		isnull[Natts_event_log];

		tuple = store_next(scan);
		if (!tuple)
			refuse_damaged(sealed);
		heap_deform_tuple(tuple, RelationGetDescr(store_relation(store)), values, isnull);
		if (DatumGetInt64(values[Anum_event_log_event_id - 1]) != first + place)
			refuse_damaged(sealed);
		take_event(sealed, values, isnull, bytes);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row);
	}
	store_end(scan);
	store_close(store);
	pfree(bytes);
	MemoryContextDelete(row);
	if (cl_merkle_root((uint8 *) sealed->leaves, sealed->count, root) != CL_OK ||
		memcmp(root, sealed->root, CL_HASH_BYTES) != 0)
		refuse_damaged(sealed);
}

/* ---- openings ---- */

/* A salt and a text of a row; false if it has them no more. */
static bool
read_opening(Store *store, HeapTuple tuple, AttrNumber salt_attno, AttrNumber text_attno,
			 uint8 *salt, cl_value *opened)
{
	bool		isnull;
	Datum		value = store_get(store, tuple, salt_attno, &isnull);

	if (isnull || VARSIZE_ANY_EXHDR(DatumGetByteaPP(value)) != CL_SALT_BYTES)
		return false;
	memcpy(salt, VARDATA_ANY(DatumGetByteaPP(value)), CL_SALT_BYTES);
	value = store_get(store, tuple, text_attno, &isnull);
	if (isnull)
		return false;
	*opened = cl_string(TextDatumGetCString(value));
	return true;
}

static void
open_subject(const Sealed *sealed, cl_receipt *receipt)
{
	Store	   *store = store_open("subject", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;

	if (sealed->subject_no == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("event " INT64_FORMAT " is about no subject", sealed->event_id),
				 errhint("Leave identify out.")));
	store_key_int8(&key, Anum_subject_subject_no, sealed->subject_no);
	scan = store_scan(store, "subject_pkey", GetActiveSnapshot(), 1, &key);
	tuple = store_next(scan);
	receipt->identifies = tuple &&
		read_opening(store, tuple, Anum_subject_salt, Anum_subject_key, receipt->salt, &receipt->key);
	store_end(scan);
	store_close(store);
	if (!receipt->identifies)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA),
				 errmsg("the subject of event " INT64_FORMAT " was erased", sealed->event_id),
				 errhint("Leave identify out.")));
}

static void
open_evidence(const Sealed *sealed, cl_receipt *receipt)
{
	Store	   *store = store_open("evidence", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;

	store_key_int8(&key, Anum_evidence_event_id, sealed->event_id);
	scan = store_scan(store, "evidence_pkey", GetActiveSnapshot(), 1, &key);
	tuple = store_next(scan);
	if (!tuple ||
		!read_opening(store, tuple, Anum_evidence_salt, Anum_evidence_body, receipt->evidence_salt, &receipt->evidence))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA),
				 errmsg("event " INT64_FORMAT " has no evidence", sealed->event_id),
				 errdetail("None came with it, or it was erased with its subject."),
				 errhint("Leave evidence out.")));
	store_end(scan);
	store_close(store);
}

/* ---- promises ---- */

static void
hash_leaf(const char *data, size_t len, uint8 *hash)
{
	if (cl_merkle_leaf(data, len, hash) != CL_OK)
		elog(ERROR, "could not compute a hash");
}

/* A commit that did not wait for the disk can be lost: wait for it. */
static void
flush_commit(TransactionId xid)
{
	XLogRecPtr	lsn = TransactionIdGetCommitLSN(xid);

	if (!XLogRecPtrIsInvalid(lsn))
		XLogFlush(lsn);
}

/* Promise that the seal will be in the log. */
static char *
promise(const Sealed *sealed, const Declared *d)
{
	cl_promise	p = {.origin = cl_string(d->origin), .event = sealed->event_id, .seal = sealed->seal_no};
	char		text[CL_PROMISE_MAX];

	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("event " INT64_FORMAT " is not yet under a checkpoint that this standby knows", sealed->event_id),
				 errdetail("A standby hands out proofs, and makes no promises."),
				 errhint("Ask the primary, or wait for a checkpoint.")));
	p.include_by = GetCurrentTimestamp() + (int64) setting_include_within * USECS_PER_SEC;
	hash_leaf(sealed->event, sealed->event_len, p.leaf);
	hash_leaf(sealed->note, strlen(sealed->note), p.seal_leaf);
	if (cl_promise_format(&p, text, sizeof(text)) == 0)
		elog(ERROR, "could not write the text of a promise");
	flush_commit(sealed->written_by);
	return signer_sign(d, KEY_SEAL, text);
}

/* ---- receipts ---- */

static text *
write_receipt(const cl_receipt *receipt)
{
	size_t		len = cl_receipt_format(receipt, NULL, 0);
	text	   *result = palloc(VARHDRSZ + len);

	if (len == 0 || cl_receipt_format(receipt, VARDATA(result), len) != len)
		elog(ERROR, "could not write a receipt");
	SET_VARSIZE(result, VARHDRSZ + len);
	return result;
}

/* SQL: receipt(event_id, identify, evidence). */
Datum
consent_receipt(PG_FUNCTION_ARGS)
{
	const Declared *d = declared_get();
	Sealed		sealed = {.event_id = PG_GETARG_INT64(0)};
	cl_receipt	receipt = {.test = d->test};
	cl_tree		tree;
	char	   *proof;
	int			n;

	sealed.seal_no = sealed.event_id / CL_SEAL_EVENTS;
	if (sealed.event_id <= 0)
		refuse_unknown(sealed.event_id);
	read_seal(&sealed);
	if (sealed.event_id % CL_SEAL_EVENTS >= sealed.count)
		refuse_unknown(sealed.event_id);
	read_events(&sealed);
	receipt.event = (cl_value) {sealed.event, sealed.event_len};
	receipt.seal = cl_string(sealed.note);
	tree = cl_tree_of((uint8 *) sealed.leaves, sealed.count);
	n = cl_inclusion_path(&tree, sealed.event_id % CL_SEAL_EVENTS, receipt.path);
	if (n < 0)
		elog(ERROR, "could not compute a hash");
	receipt.path_len = n;
	if (PG_GETARG_BOOL(1))
		open_subject(&sealed, &receipt);
	if (PG_GETARG_BOOL(2))
		open_evidence(&sealed, &receipt);
	proof = proof_of_seal(sealed.seal_no);
	if (proof)
		receipt.proof = cl_string(proof);
	else
		receipt.promise = cl_string(promise(&sealed, d));
	PG_RETURN_TEXT_P(write_receipt(&receipt));
}
