/*
 * verify_bounds.c
 *		What others said of our checkpoints, and what we said of theirs: each
 *		against the key that signed it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/checkpoint.h"
#include "core/hash.h"
#include "ledger/tables.h"
#include "log/bounds.h"
#include "log/quorum.h"
#include "log/receipt.h"
#include "log/timestamps.h"
#include "log/verify.h"
#include "log/witnesses.h"

/* The keys that were registered. */
typedef struct Keys
{
	cl_verifier *witnesses;
	int			nwitnesses;
	cl_verifier *logs;
	int			nlogs;
	TimestampAuthority *authorities;
	int			nauthorities;
} Keys;

/* ---- what others said ---- */

/* The note of the checkpoint of this size; NULL if there is none, which is reported. */
static char *
find_note(Verify *v, const char *thing, int64 size)
{
	Store	   *store = store_open("checkpoint", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	row;
	char	   *note = NULL;

	store_key_int8(&key, Anum_checkpoint_size, size);
	scan = verify_look_up(v, store, "checkpoint_pkey", 1, &key);
	row = store_next(scan);
	if (row)
		note = verify_column_text(store, row, Anum_checkpoint_note);
	else
		verify_finding(v, "cosignature", thing, psprintf("a checkpoint of size " INT64_FORMAT, size), "none");
	store_end(scan);
	store_close(store);
	return note;
}

static void
check_hash(Verify *v, const char *thing, Store *store, HeapTuple row, cl_value evidence)
{
	cl_part		part = {evidence.data, evidence.len};
	char		expected[CL_HEX_SIZE(CL_HASH_BYTES)];
	char	   *found = verify_column_text(store, row, Anum_cosignature_hash);
	cl_hash		hash;

	if (cl_sha256(&part, 1, hash) != CL_OK)
		elog(ERROR, "could not compute a hash");
	cl_hex_encode(hash, CL_HASH_BYTES, expected);
	if (!verify_same(expected, found))
		verify_finding(v, "cosignature", psprintf("%s: hash", thing), expected, found);
}

/* Which registered witness has signed this text by this line, and when; or NULL. */
static const cl_verifier *
who_cosigned(const Keys *keys, const char *text, cl_value line, uint64 *time)
{
	char	   *bytes = psprintf("%s\n%.*s", text, (int) line.len, line.data);
	cl_note_check *checks = palloc0(Max(keys->nwitnesses, 1) * sizeof(cl_note_check));
	cl_note		note;

	if (!cl_note_parse(bytes, strlen(bytes), &note) ||
		cl_note_check_all(&note, keys->witnesses, keys->nwitnesses, checks) != CL_NOTE_OK)
		return NULL;
	for (int i = 0; i < keys->nwitnesses; i++)
		if (checks[i].is_signed)
		{
			*time = checks[i].time;
			return &keys->witnesses[i];
		}
	return NULL;
}

static void
compare(Verify *v, const char *thing, const char *column, const char *expected, const char *found)
{
	if (!verify_same(expected, found))
		verify_finding(v, "cosignature", psprintf("%s: %s", thing, column), expected, found);
}

static void
check_line(Verify *v, const Keys *keys, const char *thing, Store *store, HeapTuple row, char *note, cl_value line)
{
	const cl_verifier *witness;
	uint64		time;

	note[cl_note_text(note, strlen(note))] = '\0';
	witness = who_cosigned(keys, note, line, &time);
	if (!witness)
	{
		verify_finding(v, "cosignature", thing, "a cosignature of the checkpoint by a registered witness", "none that is good");
		return;
	}
	compare(v, thing, "name", witness->name, verify_column_text(store, row, Anum_cosignature_name));
	compare(v, thing, "stated_time",
			verify_text(TimestampTzGetDatum(time_t_to_timestamptz((pg_time_t) time)), false, TIMESTAMPTZOID),
			verify_column_text(store, row, Anum_cosignature_stated_time));
}

static void
check_token(Verify *v, const Keys *keys, const char *thing, Store *store, HeapTuple row, const char *note, cl_value token)
{
	const TimestampAuthority *authority;
	cl_timestamp stamp;
	cl_timestamp_status status;
	cl_hash		imprint;

	timestamp_imprint(note, imprint);
	authority = timestamp_verify(keys->authorities, keys->nauthorities, token, imprint, &stamp, &status);
	if (!authority)
	{
		verify_finding(v, "cosignature", thing, "a time-stamp of the checkpoint by a registered authority", "none that is good");
		return;
	}
	compare(v, thing, "name", authority->name, verify_column_text(store, row, Anum_cosignature_name));
	compare(v, thing, "stated_time", verify_text(TimestampTzGetDatum(stamp.time), false, TIMESTAMPTZOID),
			verify_column_text(store, row, Anum_cosignature_stated_time));
}

static void
check_bound(Verify *v, const Keys *keys, Store *store, HeapTuple row, int64 *expected_no)
{
	bool		isnull;
	int64		bound_no = DatumGetInt64(store_get(store, row, Anum_cosignature_bound_no, &isnull));
	char	   *thing = psprintf("bound " INT64_FORMAT, bound_no);
	char	   *kind = verify_column_text(store, row, Anum_cosignature_kind);
	int64		size = DatumGetInt64(store_get(store, row, Anum_cosignature_size, &isnull));
	char	   *note;
	bytea	   *evidence = DatumGetByteaPP(store_get(store, row, Anum_cosignature_evidence, &isnull));
	cl_value	bytes = {VARDATA_ANY(evidence), VARSIZE_ANY_EXHDR(evidence)};

	if (bound_no != *expected_no)
		verify_finding(v, "cosignature", psprintf("bound " INT64_FORMAT, *expected_no), "a row", "none");
	*expected_no = bound_no + 1;
	if (size < v->since)
		return;
	check_hash(v, thing, store, row, bytes);
	note = find_note(v, thing, size);
	if (!note)
		return;
	if (strcmp(kind, BOUND_COSIGNATURE) == 0)
		check_line(v, keys, thing, store, row, note, bytes);
	else if (strcmp(kind, BOUND_TIMESTAMP) == 0)
		check_token(v, keys, thing, store, row, note, bytes);
	else
		compare(v, thing, "kind", BOUND_COSIGNATURE " or " BOUND_TIMESTAMP, kind);
}

static void
check_bounds(Verify *v, const Keys *keys)
{
	static const AttrNumber order[] = {Anum_cosignature_bound_no};
	VerifyScan *scan = verify_scan(v, "cosignature", "cosignature_pkey", lengthof(order), order);
	int64		expected_no = 1;
	HeapTuple	row;

	while ((row = verify_next(scan)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(v->scratch);

		check_bound(v, keys, verify_store(scan), row, &expected_no);
		MemoryContextSwitchTo(old);
		MemoryContextReset(v->scratch);
	}
	verify_end(scan);
}

/* ---- whether enough said it ---- */

/* The size of the largest checkpoint that has the quorum, reading backwards; 0 if none has. */
static int64
last_with_quorum(Verify *v, const Quorum *quorum)
{
	static const AttrNumber order[] = {Anum_cosignature_size};
	Store	   *store = store_open("cosignature", AccessShareLock);
	StoreScan  *scan = store_scan(store, verify_has_index("cosignature", "cosignature_size", lengthof(order), order) ?
								  "cosignature_size" : "cosignature_pkey", v->snapshot, 0, NULL);
	List	   *names = NIL;
	int64		size = 0;
	HeapTuple	row;

	while (quorum_count(quorum, names) < quorum->needed && (row = store_previous(scan)) != NULL)
	{
		bool		isnull;
		int64		row_size = DatumGetInt64(store_get(store, row, Anum_cosignature_size, &isnull));
		char	   *name = verify_column_text(store, row, Anum_cosignature_name);
		ListCell   *cell;

		CHECK_FOR_INTERRUPTS();
		if (row_size != size)
			names = NIL;
		size = row_size;
		foreach(cell, names)
			if (strcmp(lfirst(cell), name) == 0)
				break;
		if (!cell && strcmp(verify_column_text(store, row, Anum_cosignature_kind), BOUND_COSIGNATURE) == 0)
			names = lappend(names, name);
	}
	store_end(scan);
	store_close(store);
	return quorum_count(quorum, names) < quorum->needed ? 0 : size;
}

/* When the quorum was set; nobody could keep it before. */
static TimestampTz
set_at(Verify *v, int64 event_id)
{
	Store	   *store = store_open("event_log", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	row;
	bool		isnull;
	TimestampTz at = PG_INT64_MAX;

	store_key_int8(&key, Anum_event_log_event_id, event_id);
	scan = verify_look_up(v, store, "event_log_pkey", 1, &key);
	row = store_next(scan);
	if (row)
		at = DatumGetTimestampTz(store_get(store, row, Anum_event_log_recorded_at, &isnull));
	store_end(scan);
	store_close(store);
	return at;
}

static char *
names_text(const Quorum *quorum)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < quorum->n; i++)
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "", quorum->names[i]);
	return text.data;
}

/*
 * A checkpoint has as much time for its cosignatures as an event has to get
 * under one.  It counts as cosigned when a larger one is.
 */
static void
check_quorum(Verify *v)
{
	static const AttrNumber order[] = {Anum_checkpoint_size};
	Quorum		quorum = quorum_read(v->snapshot);
	int64		within = receipt_include_within();
	int64		cosigned;
	VerifyScan *scan;
	HeapTuple	row;

	if (quorum.needed == 0)
		return;
	cosigned = last_with_quorum(v, &quorum);
	scan = verify_scan_from(v, "checkpoint", "checkpoint_pkey", lengthof(order), order, cosigned + 1);
	row = verify_next(scan);
	if (row)
	{
		bool		isnull;
		int64		size = verify_number(scan, row, Anum_checkpoint_size);
		TimestampTz signed_at = DatumGetTimestampTz(store_get(verify_store(scan), row, Anum_checkpoint_signed_at, &isnull));

		signed_at = Max(signed_at, set_at(v, quorum.event_id));
		if (signed_at < v->started && v->started - signed_at > within * USECS_PER_SEC)
			verify_finding(v, "witness_quorum", psprintf("checkpoint of size " INT64_FORMAT, size),
						   psprintf("cosigned by %d of %s within " INT64_FORMAT " s", quorum.needed, names_text(&quorum), within),
						   cosigned == 0 ? "by none of them, and no later one is" : "not, and no later one is");
	}
	verify_end(scan);
}

/* ---- what we said ---- */

/* Is it signed by its log, and do the columns say what it says? */
static void
check_witnessed(Verify *v, const Keys *keys, Store *store, HeapTuple row)
{
	char	   *note = verify_column_text(store, row, Anum_witnessed_note);
	char	   *origin = verify_column_text(store, row, Anum_witnessed_origin);
	char	   *size = verify_column_text(store, row, Anum_witnessed_size);
	char	   *root = verify_column_text(store, row, Anum_witnessed_root);
	char	   *thing = psprintf("%s of size %s", origin, size);
	char	   *signed_size;
	char		signed_root[CL_HEX_SIZE(CL_HASH_BYTES)];
	cl_checkpoint checkpoint;
	bool		is_signed = false;

	for (int i = 0; i < keys->nlogs && !is_signed; i++)
		is_signed = strcmp(keys->logs[i].name, origin) == 0 &&
			cl_note_verify(note, strlen(note), &keys->logs[i]);
	if (!is_signed ||
		!cl_checkpoint_parse(note, cl_note_text(note, strlen(note)), &checkpoint))
	{
		verify_finding(v, "witnessed", thing, "a checkpoint signed by its log", "none");
		return;
	}
	signed_size = psprintf(UINT64_FORMAT, checkpoint.size);
	if (!verify_same(signed_size, size))
		verify_finding(v, "witnessed", psprintf("%s: size", thing), signed_size, size);
	cl_hex_encode(checkpoint.root, CL_HASH_BYTES, signed_root);
	if (!verify_same(signed_root, root))
		verify_finding(v, "witnessed", psprintf("%s: root", thing), signed_root, root);
}

static void
check_all_witnessed(Verify *v, const Keys *keys)
{
	Store	   *store = store_open("witnessed", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, v->snapshot, 0, NULL);
	HeapTuple	row;

	while ((row = store_next(scan)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(v->scratch);

		check_witnessed(v, keys, store, row);
		MemoryContextSwitchTo(old);
		MemoryContextReset(v->scratch);
	}
	store_end(scan);
	store_close(store);
}

void
verify_bounds(Verify *v)
{
	Keys		keys;

	keys.witnesses = witnesses_read_keys("witness", Anum_witness_vkey, 0, NULL, v->snapshot, &keys.nwitnesses);
	keys.logs = witnesses_read_keys("witnessed_log", Anum_witnessed_log_vkey, 0, NULL, v->snapshot, &keys.nlogs);
	keys.authorities = timestamp_authorities(v->snapshot, &keys.nauthorities);
	check_bounds(v, &keys);
	check_quorum(v);
	check_all_witnessed(v, &keys);
}
