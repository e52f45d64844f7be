/*
 * witnesses.c
 *		Those who watch the log: register them, ask them, take what they sign.
 *
 * A cosignature of a witness says that at its time the checkpoint was the
 * newest one the witness knew, and extended all that it knew before.  It is
 * what bounds the time of a seal, and what an operator cannot make alone.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/instant.h"
#include "core/witness.h"
#include "ledger/arguments.h"
#include "ledger/declared.h"
#include "ledger/detail.h"
#include "ledger/intake.h"
#include "ledger/signer.h"
#include "ledger/tables.h"
#include "log/bounds.h"
#include "log/checkpoints.h"
#include "log/tree.h"
#include "log/witnesses.h"

PG_FUNCTION_INFO_V1(consent_register_witness);
PG_FUNCTION_INFO_V1(consent_set_witness_quorum);
PG_FUNCTION_INFO_V1(consent_add_checkpoint_request);
PG_FUNCTION_INFO_V1(consent_add_cosignature);

#define EM_DASH_SPACE	"\xE2\x80\x94 "
#define ID_AND_TIME		12		/* bytes that a cosignature begins with */
#define SECONDS_MAX		(UINT64CONST(1) << 38)	/* more than the year 9999 */

/* ---- registered keys ---- */

cl_verifier *
witnesses_read_keys(const char *table, AttrNumber vkey_attno, AttrNumber attno,
					const char *value, Snapshot snapshot, int *n)
{
	Store	   *store = store_open(table, AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, snapshot, 0, NULL);
	int			room = 8;
	cl_verifier *keys = palloc(room * sizeof(cl_verifier));
	HeapTuple	tuple;
	bool		isnull;

	*n = 0;
	while ((tuple = store_next(scan)) != NULL)
	{
		char	   *vkey = TextDatumGetCString(store_get(store, tuple, vkey_attno, &isnull));

		if (attno != 0 &&
			strcmp(TextDatumGetCString(store_get(store, tuple, attno, &isnull)), value) != 0)
			continue;
		if (*n == room)
			keys = repalloc(keys, (room *= 2) * sizeof(cl_verifier));
		if (cl_vkey_parse(vkey, strlen(vkey), &keys[*n]))
			(*n)++;
	}
	store_end(scan);
	store_close(store);
	return keys;
}

static cl_verifier *
registered_witnesses(int *n)
{
	return witnesses_read_keys("witness", Anum_witness_vkey, 0, NULL, GetActiveSnapshot(), n);
}

static void
check_witness(const char *vkey, const char *origin, cl_verifier *verifier)
{
	if (!cl_vkey_parse(vkey, strlen(vkey), verifier) || verifier->type != CL_NOTE_COSIGNATURE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not the verifier key of a witness", vkey),
				 errdetail("It is written name+id+base64 and of type 04 (C2SP tlog-cosignature). Keys of small order and other spellings are refused.")));
	if (strcmp(verifier->name, signer_key_name(origin, KEY_WITNESS)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a ledger cannot be its own witness"),
				 errdetail("\"%s\" is the witness key of this ledger, for the logs of others.", verifier->name)));
}

/* The event by which the key was registered, or 0. */
static int64
find_witness(Store *store, const char *vkey)
{
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		isnull;
	int64		event_id = 0;

	store_key_text(&key, Anum_witness_vkey, vkey, strlen(vkey));
	scan = store_scan(store, "witness_pkey", GetActiveSnapshot(), 1, &key);
	tuple = store_next(scan);
	if (tuple)
		event_id = DatumGetInt64(store_get(store, tuple, Anum_witness_event_id, &isnull));
	store_end(scan);
	return event_id;
}

static int64
insert_witness(Store *store, const char *vkey, const char *name, const char *url)
{
	cl_json_member members[] = {DETAIL("vkey", vkey), DETAIL("url", url)};
	EventInput	event = {.kind = "witness_registered"};
	Datum		values[Natts_witness];
	bool		isnull[Natts_witness] = {0};
	int64		event_id;

	event.detail = detail_json(members, lengthof(members));
	event_id = intake_record(SEAL_DECLARATIONS, &event).event_id;
	values[Anum_witness_vkey - 1] = CStringGetTextDatum(vkey);
	values[Anum_witness_name - 1] = CStringGetTextDatum(name);
	isnull[Anum_witness_url - 1] = url == NULL;
	if (url)
		values[Anum_witness_url - 1] = CStringGetTextDatum(url);
	values[Anum_witness_event_id - 1] = Int64GetDatum(event_id);
	store_insert(store, values, isnull);
	ledger_declared(event_id);
	return event_id;
}

/* A URL goes into a line of words. */
static char *
url_argument(FunctionCallInfo fcinfo, int arg)
{
	char	   *url = argument_text(fcinfo, arg);

	if (url && (url[0] == '\0' || strcspn(url, " \t\r\n\v\f") != strlen(url)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a URL", url)));
	return url;
}

/* SQL: register_witness(vkey, url). */
Datum
consent_register_witness(PG_FUNCTION_ARGS)
{
	const Declared *d = ledger_lock_declarations();
	char	   *vkey = argument_required_text(fcinfo, 0, "vkey");
	char	   *url = url_argument(fcinfo, 1);
	cl_verifier verifier;
	Store	   *store;
	int64		event_id;

	check_witness(vkey, d->origin, &verifier);
	store = store_open("witness", RowExclusiveLock);
	store_push_latest_snapshot();
	event_id = find_witness(store, vkey);
	if (event_id == 0)
		event_id = insert_witness(store, vkey, verifier.name, url);
	store_pop_snapshot();
	store_close(store);
	PG_RETURN_INT64(event_id);
}

/* ---- how many of them ---- */

static void
check_registered(const cl_verifier *witnesses, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(witnesses[i].name, name) == 0)
			return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("witness \"%s\" is not registered", name),
			 errhint("Register its key with consent.register_witness().")));
}

/* The names given, or those of all that are registered. */
static char **
given_names(FunctionCallInfo fcinfo, const cl_verifier *witnesses, int *n)
{
	Datum	   *elements;
	bool	   *nulls;
	int			registered = *n;
	char	  **names;

	if (PG_ARGISNULL(1))
	{
		names = palloc(Max(*n, 1) * sizeof(char *));
		for (int i = 0; i < *n; i++)
			names[i] = pstrdup(witnesses[i].name);
		return names;
	}
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, n);
	names = palloc(Max(*n, 1) * sizeof(char *));
	for (int i = 0; i < *n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("witnesses cannot hold NULL")));
		names[i] = TextDatumGetCString(elements[i]);
		check_registered(witnesses, registered, names[i]);
	}
	return names;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* The names that count, each once, as a text[]. */
static Datum
quorum_names(FunctionCallInfo fcinfo, int *kept)
{
	int			n;
	const cl_verifier *witnesses = registered_witnesses(&n);
	char	  **names = given_names(fcinfo, witnesses, &n);
	Datum	   *elements = palloc(Max(n, 1) * sizeof(Datum));

	*kept = 0;
	qsort(names, n, sizeof(char *), compare_names);
	for (int i = 0; i < n; i++)
		if (i == 0 || strcmp(names[i - 1], names[i]) != 0)
			elements[(*kept)++] = CStringGetTextDatum(names[i]);
	return PointerGetDatum(construct_array(elements, *kept, TEXTOID, -1, false, TYPALIGN_INT));
}

static int64
record_quorum(int32 quorum, Datum names)
{
	const char *names_text = OidOutputFunctionCall(F_ARRAY_OUT, names);
	const char *quorum_text = psprintf("%d", quorum);
	cl_json_member members[] = {DETAIL("quorum", quorum_text), DETAIL("witnesses", names_text)};
	EventInput	event = {.kind = "witness_quorum_set"};

	event.detail = detail_json(members, lengthof(members));
	return intake_record(SEAL_DECLARATIONS, &event).event_id;
}

/* SQL: set_witness_quorum(quorum, witnesses). */
Datum
consent_set_witness_quorum(PG_FUNCTION_ARGS)
{
	Datum		values[Natts_witness_quorum];
	bool		isnull[Natts_witness_quorum] = {0};
	int32		quorum;
	int			n;
	Datum		names;
	Store	   *store;
	int64		event_id;

	ledger_lock_declarations();
	argument_refuse_null(fcinfo, 0, "quorum");
	quorum = PG_GETARG_INT32(0);
	store_push_latest_snapshot();
	names = quorum_names(fcinfo, &n);
	if (quorum < 0 || quorum > n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a quorum of %d is impossible among %d witnesses", quorum, n),
				 errhint("Say how many of them must have cosigned; 0 needs none.")));
	event_id = record_quorum(quorum, names);
	values[Anum_witness_quorum_event_id - 1] = Int64GetDatum(event_id);
	values[Anum_witness_quorum_quorum - 1] = Int32GetDatum(quorum);
	values[Anum_witness_quorum_witnesses - 1] = names;
	store = store_open("witness_quorum", RowExclusiveLock);
	store_insert(store, values, isnull);
	store_close(store);
	ledger_declared(event_id);
	store_pop_snapshot();
	PG_RETURN_INT64(event_id);
}

/* ---- asking them ---- */

/* The consistency path from an older size; its length. */
static int
consistency_path(int64 old_size, int64 size, cl_hash path[CL_PATH_MAX])
{
	LogTree    *tree;
	cl_tree		core;
	int			len;

	if (old_size == 0 || old_size == size)
		return 0;
	tree = tree_open(GetActiveSnapshot());
	core = tree_of_size(tree, size);
	len = cl_consistency_path(&core, old_size, path);
	tree_close(tree);
	if (len < 0)
		elog(ERROR, "could not compute a consistency path");
	return len;
}

/* SQL: add_checkpoint_request(old_size, size). */
Datum
consent_add_checkpoint_request(PG_FUNCTION_ARGS)
{
	cl_add_checkpoint request = {0};
	int64		old_size;
	int64		size;
	char	   *note;
	size_t		cap;
	char	   *body;

	argument_refuse_null(fcinfo, 0, "old_size");
	old_size = PG_GETARG_INT64(0);
	note = checkpoint_require(PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1), &size);
	if (old_size < 0 || old_size > size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the checkpoint of size " INT64_FORMAT " does not extend one of size " INT64_FORMAT, size, old_size),
				 errhint("Give the size that the witness knows, 0 if it knows none.")));
	request.old_size = old_size;
	request.path_len = consistency_path(old_size, size, request.path);
	request.checkpoint = cl_string(note);
	cap = CL_ADD_CHECKPOINT_SIZE(request.path_len, strlen(note));
	body = palloc(cap);
	if (cl_add_checkpoint_format(&request, body, cap) == 0)
		elog(ERROR, "could not write a request");
	PG_RETURN_TEXT_P(cstring_to_text(body));
}

/* ---- taking what they signed ---- */

/* The line, with its newline, by which a key cosigned at this time. */
static cl_value
find_line(const cl_note *note, const cl_verifier *key, uint64 time)
{
	cl_note_signature signature;
	size_t		before = 0;
	size_t		pos = 0;

	for (; cl_note_next_signature(note, &pos, &signature); before = pos)
	{
		uint8_t		bytes[ID_AND_TIME + CL_SIGNATURE_BYTES];

		if (signature.id == key->id && cl_value_equal(signature.name, cl_string(key->name)) &&
			cl_base64_decode(signature.base64.data, signature.base64.len, bytes, sizeof(bytes)) == sizeof(bytes) &&
			cl_get_big_endian(bytes + 4, 8) == time)
			return (cl_value) {note->signatures.data + before, pos - before};
	}
	elog(ERROR, "the cosignature of \"%s\" is not in the note", key->name);
}

/* The whole note: a witness answers with its signature lines alone. */
static char *
whole_note(FunctionCallInfo fcinfo)
{
	char	   *note = argument_required_text(fcinfo, 0, "note");
	int64		size;

	if (strncmp(note, EM_DASH_SPACE, strlen(EM_DASH_SPACE)) != 0)
		return note;
	return psprintf("%s%s", checkpoint_require(PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1), &size), note);
}

/* Error unless the note is about one of our checkpoints; its size. */
static int64
check_is_ours(const cl_note *note)
{
	cl_checkpoint checkpoint;
	int64		size = 0;
	char	   *ours = NULL;

	if (cl_checkpoint_parse(note->text.data, note->text.len, &checkpoint) && checkpoint.size > 0)
		ours = checkpoint_note(checkpoint.size, &size);
	if (!ours || !cl_value_equal(note->text, (cl_value) {ours, cl_note_text(ours, strlen(ours))}))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the note is not about a checkpoint of this log"),
				 errdetail("Its text must be that of a row of consent.checkpoint."),
				 errhint("Of one that our key has signed, and that is not there, SELECT * FROM consent.check_fork(note) tells more.")));
	return size;
}

/* A time that a witness states, in seconds since 1970. */
static TimestampTz
stated_time(const cl_verifier *witness, uint64 time)
{
	TimestampTz t = time <= SECONDS_MAX ? time_t_to_timestamptz((pg_time_t) time) : 0;

	if (time > SECONDS_MAX || !cl_instant_valid(t))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("the cosignature of \"%s\" states a time outside the years 0001 to 9999", witness->name)));
	return t;
}

static void
check_cosignatures(const cl_note *note, const cl_verifier *witnesses, int n, cl_note_check *checks)
{
	switch (cl_note_check_all(note, witnesses, n, checks))
	{
		case CL_NOTE_OK:
			break;
		case CL_NOTE_UNSIGNED:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("no registered witness has cosigned this checkpoint"),
					 errhint("Register the witness's key with consent.register_witness().")));
		case CL_NOTE_FORGED:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a cosignature under the name of a registered witness is not the witness's"),
					 errdetail("It does not verify with the registered key, so nothing in the note is taken.")));
	}
}

/* SQL: add_cosignature(note, size). */
Datum
consent_add_cosignature(PG_FUNCTION_ARGS)
{
	char	   *text = whole_note(fcinfo);
	int			n;
	cl_verifier *witnesses = registered_witnesses(&n);
	cl_note_check *checks = palloc0(Max(n, 1) * sizeof(cl_note_check));
	cl_note		note;
	int64		size;
	int32		accepted = 0;

	if (!cl_note_parse(text, strlen(text), &note))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is not a signed note"),
				 errdetail("A signed note (C2SP signed-note) is a text, an empty line and signature lines, each ended by a newline."),
				 errhint("Give the checkpoint with its cosignatures, or the lines alone that a witness answered with.")));
	size = check_is_ours(&note);
	check_cosignatures(&note, witnesses, n, checks);
	for (int i = 0; i < n; i++)
		if (checks[i].is_signed)
			accepted += bound_accept(size, BOUND_COSIGNATURE, witnesses[i].name,
									 stated_time(&witnesses[i], checks[i].time),
									 find_line(&note, &witnesses[i], checks[i].time));
	PG_RETURN_INT32(accepted);
}
