/*
 * cosign.c
 *		Be a witness of other logs (C2SP tlog-witness).
 *
 * What was cosigned is never taken back: the newest checkpoint of a log is
 * stored, committed and flushed under a lock before the cosignature is made.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/witness.h"
#include "ledger/arguments.h"
#include "ledger/declared.h"
#include "ledger/detail.h"
#include "ledger/intake.h"
#include "ledger/signer.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/bytes.h"
#include "log/sequencer.h"
#include "log/witnesses.h"

PG_FUNCTION_INFO_V1(consent_register_log);
PG_FUNCTION_INFO_V1(consent_witness);

/* ---- whose logs ---- */

static int64
insert_log(Store *store, const char *vkey, const char *origin)
{
	cl_json_member members[] = {DETAIL("vkey", vkey)};
	EventInput	event = {.kind = "log_registered"};
	Datum		values[Natts_witnessed_log];
	bool		isnull[Natts_witnessed_log] = {0};
	int64		event_id;

	event.detail = detail_json(members, lengthof(members));
	event_id = intake_record(SEAL_DECLARATIONS, &event).event_id;
	values[Anum_witnessed_log_vkey - 1] = CStringGetTextDatum(vkey);
	values[Anum_witnessed_log_origin - 1] = CStringGetTextDatum(origin);
	values[Anum_witnessed_log_event_id - 1] = Int64GetDatum(event_id);
	store_insert(store, values, isnull);
	ledger_declared(event_id);
	return event_id;
}

/* SQL: register_log(vkey). */
Datum
consent_register_log(PG_FUNCTION_ARGS)
{
	char	   *vkey = text_to_cstring(PG_GETARG_TEXT_PP(0));
	cl_verifier verifier;
	ScanKeyData key;
	Store	   *store;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		isnull;
	int64		event_id;

	ledger_lock_declarations();
	if (!cl_vkey_parse(vkey, strlen(vkey), &verifier) || verifier.type != CL_NOTE_ED25519)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not the verifier key of a log", vkey),
				 errdetail("It is written name+id+base64 and of type 01 (C2SP signed-note); its name is the log's origin. Keys of small order and other spellings are refused.")));
	store = store_open("witnessed_log", RowExclusiveLock);
	store_push_latest_snapshot();
	store_key_text(&key, Anum_witnessed_log_vkey, vkey, strlen(vkey));
	scan = store_scan(store, "witnessed_log_pkey", GetActiveSnapshot(), 1, &key);
	tuple = store_next(scan);
	event_id = tuple ? DatumGetInt64(store_get(store, tuple, Anum_witnessed_log_event_id, &isnull)) : 0;
	store_end(scan);
	if (event_id == 0)
		event_id = insert_log(store, vkey, verifier.name);
	store_pop_snapshot();
	store_close(store);
	PG_RETURN_INT64(event_id);
}

/* ---- what is known of them ---- */

static void
find_witnessed(Store *store, const char *origin, cl_witnessed *known)
{
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		isnull;

	memset(known, 0, sizeof(*known));
	store_key_text(&key, Anum_witnessed_origin, origin, strlen(origin));
	scan = store_scan(store, "witnessed_pkey", GetActiveSnapshot(), 1, &key);
	tuple = store_previous(scan);
	if (tuple)
	{
		known->size = DatumGetInt64(store_get(store, tuple, Anum_witnessed_size, &isnull));
		if (!bytes_read_hash(DatumGetByteaPP(store_get(store, tuple, Anum_witnessed_root, &isnull)), known->root))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("the newest checkpoint witnessed of \"%s\" has no root", origin),
					 errhint("SELECT * FROM consent.verify() tells what was changed.")));
	}
	store_end(scan);
}

static void
insert_witnessed(Store *store, const char *origin, const cl_checkpoint *checkpoint, cl_value note)
{
	Datum		values[Natts_witnessed];
	bool		isnull[Natts_witnessed] = {0};

	values[Anum_witnessed_origin - 1] = CStringGetTextDatum(origin);
	values[Anum_witnessed_size - 1] = Int64GetDatum(checkpoint->size);
	values[Anum_witnessed_root - 1] = bytes_datum(checkpoint->root, CL_HASH_BYTES);
	values[Anum_witnessed_note - 1] = PointerGetDatum(cstring_to_text_with_len(note.data, note.len));
	values[Anum_witnessed_stored_at - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	store_insert(store, values, isnull);
}

/* ---- an answer ---- */

typedef struct WitnessAnswer
{
	cl_witness_status status;
	cl_witnessed known;			/* before */
	char	   *text;			/* of the checkpoint; to be cosigned */
	size_t		text_len;
} WitnessAnswer;

/* Keep what is to be cosigned. */
static void
accept(Store *store, const char *origin, const char *body, size_t len,
	   const cl_checkpoint *checkpoint, WitnessAnswer *answer)
{
	cl_add_checkpoint request;

	if (!cl_add_checkpoint_parse(body, len, &request))
		elog(ERROR, "a request that was accepted cannot be read");
	answer->text_len = cl_note_text(request.checkpoint.data, request.checkpoint.len);
	answer->text = pnstrdup(request.checkpoint.data, answer->text_len);
	if (checkpoint->size > answer->known.size)
		insert_witnessed(store, origin, checkpoint, request.checkpoint);
}

/* Check the request, and store the checkpoint that is to be cosigned. */
static void
check_and_store(const char *body, size_t len, WitnessAnswer *answer)
{
	Store	   *store = store_open("witnessed", ShareRowExclusiveLock);
	cl_verifier *logs = NULL;
	int			n = 0;
	char	   *origin = NULL;
	cl_value	name;
	cl_checkpoint checkpoint;

	memset(answer, 0, sizeof(*answer));
	store_push_latest_snapshot();
	if (cl_witness_origin(body, len, &name))
	{
		origin = pnstrdup(name.data, name.len);
		logs = witnesses_read_keys("witnessed_log", Anum_witnessed_log_vkey, Anum_witnessed_log_origin,
								   origin, GetActiveSnapshot(), &n);
		find_witnessed(store, origin, &answer->known);
	}
	answer->status = cl_witness_decide(body, len, logs, n, &answer->known, &checkpoint);
	if (answer->status == CL_WITNESS_COSIGN)
		accept(store, origin, body, len, &checkpoint, answer);
	store_pop_snapshot();
	store_close(store);
}

static char *
cosignature(const WitnessAnswer *answer)
{
	uint64		now = (uint64) timestamptz_to_time_t(GetCurrentTimestamp());
	char	   *line = signer_cosign(declared_get(), answer->text, answer->text_len, now);

	if (!line)
		elog(ERROR, "could not cosign a checkpoint");
	return line;
}

static char *
known_size(const WitnessAnswer *answer)
{
	char	   *size = palloc(CL_SIZE_RESPONSE_MAX);

	cl_size_response_format(answer->known.size, size);
	return size;
}

/* The body of the answer. */
static char *
answer_body(const WitnessAnswer *answer)
{
	switch (answer->status)
	{
		case CL_WITNESS_COSIGN:
			return cosignature(answer);
		case CL_WITNESS_OTHER_SIZE:
			return known_size(answer);
		case CL_WITNESS_MALFORMED:
			return "malformed request\n";
		case CL_WITNESS_UNSIGNED:
			return "not signed by a key that is trusted for its origin\n";
		case CL_WITNESS_UNKNOWN_LOG:
			return "unknown log\n";
		case CL_WITNESS_INCONSISTENT:
			return "not consistent with what was cosigned before\n";
	}
	return "";
}

/*
 * SQL: CALL witness(request, status, body).  What outlasts the commit is made in
 * the context of the caller.
 */
Datum
consent_witness(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	char	   *request = argument_required_text(fcinfo, 0, "request");
	Datum		values[2];
	bool		isnull[2] = {0};
	WitnessAnswer answer;
	TupleDesc	desc;
	HeapTuple	row;

	sequencer_begin_procedure(fcinfo, "consent.witness()");
	MemoryContextSwitchTo(caller);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);
	PushActiveSnapshot(GetTransactionSnapshot());
	check_and_store(request, strlen(request), &answer);
	PopActiveSnapshot();
	ForceSyncCommit();
	SPI_commit();

	PushActiveSnapshot(GetTransactionSnapshot());
	MemoryContextSwitchTo(caller);
	values[0] = Int32GetDatum(answer.status);
	values[1] = CStringGetTextDatum(answer_body(&answer));
	row = heap_form_tuple(desc, values, isnull);
	PopActiveSnapshot();
	SPI_finish();
	MemoryContextSwitchTo(caller);
	PG_RETURN_DATUM(HeapTupleGetDatum(row));
}
