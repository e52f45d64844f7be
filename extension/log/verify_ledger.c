/*
 * verify_ledger.c
 *		What the ledger is and whose keys sign it: as its first event says.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/builtins.h"

#include "core/hash.h"
#include "core/key_change.h"
#include "ledger/declared.h"
#include "ledger/intake.h"
#include "ledger/signer.h"
#include "ledger/subject.h"
#include "log/verify_event.h"

/* Members of ledger_created with the keys. */
static const char *const key_members[KEY_ROLES] = {"key_checkpoint", "key_seal", "key_witness"};

static bool
find_first_event(Verify *v, VerifyEvent *event)
{
	static const AttrNumber order[] = {Anum_event_log_event_id};
	VerifyScan *scan = verify_scan(v, "event_log", "event_log_pkey", 1, order);
	HeapTuple	tuple = verify_next(scan);

	if (tuple)
	{
		Datum		values[Natts_event_log];
		bool		isnull[Natts_event_log];

		heap_deform_tuple(heap_copytuple(tuple),
						  RelationGetDescr(store_relation(verify_store(scan))), values, isnull);
		verify_read_event(values, isnull, event);
	}
	verify_end(scan);
	return tuple != NULL;
}

/* With another key, nobody who was erased would be found. */
static void
check_suppression_key(Verify *v, const VerifyEvent *event, Store *store, HeapTuple row)
{
	char	   *expected = verify_detail(event, "suppression_key");
	uint8		commitment[CL_HASH_BYTES];
	char		found[2 * CL_HASH_BYTES + 1];
	bool		isnull;

	v->suppression_key = DatumGetByteaPCopy(store_get(store, row, Anum_ledger_suppression_key, &isnull));
	subject_commit_suppression_key(v->suppression_key, v->origin, commitment);
	cl_hex_encode(commitment, CL_HASH_BYTES, found);
	if (!verify_same(expected, found))
		verify_finding(v, "ledger", psprintf("%s: commitment to suppression_key", v->origin), expected, found);
}

static void
check_ledger_row(Verify *v, const VerifyEvent *event)
{
	static const VerifyColumn columns[] = {
		{Anum_ledger_origin, "origin"},
		{Anum_ledger_subject_type, "subject_type"},
		{Anum_ledger_test, "test"},
	};
	Store	   *store = store_open("ledger", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, v->snapshot, 0, NULL);
	HeapTuple	tuple = store_next(scan);

	v->has_row = tuple != NULL;
	if (tuple)
	{
		verify_columns(v, "ledger", v->origin, store, tuple, event, columns, lengthof(columns));
		check_suppression_key(v, event, store, tuple);
		if (store_next(scan) != NULL)
			verify_finding(v, "ledger", v->origin, "one row in consent.ledger", "several");
	}
	else
		verify_finding(v, "ledger", v->origin, "a row in consent.ledger", "none");
	store_end(scan);
	store_close(store);
}

static void
check_key(Verify *v, const VerifyEvent *event, int role, Store *store, HeapTuple row)
{
	VerifyColumn columns[] = {
		{Anum_key_vkey, key_members[role]},
		{Anum_key_event_id, NULL, Anum_event_log_event_id},
	};
	char	   *name = signer_key_name(v->origin, role);

	verify_columns(v, "key", name, store, row, event, columns, lengthof(columns));
	if (!verify_same(name, verify_column_text(store, row, Anum_key_name)))
		verify_finding(v, "key", name, name, verify_column_text(store, row, Anum_key_name));
	if (!verify_same(signer_role_name(role), verify_column_text(store, row, Anum_key_signs)))
		verify_finding(v, "key", name, signer_role_name(role), verify_column_text(store, row, Anum_key_signs));
}

static void
check_keys(Verify *v, const VerifyEvent *event)
{
	static const AttrNumber order[] = {Anum_key_key_no};
	VerifyScan *scan = verify_scan(v, "key", "key_pkey", 1, order);
	bool		seen[KEY_ROLES] = {0};
	int64		last_event = 0;
	int			last_no = KEY_ROLES;
	HeapTuple	tuple;

	while ((tuple = verify_next(scan)) != NULL)
	{
		bool		isnull;
		int			key_no = DatumGetInt32(store_get(verify_store(scan), tuple, Anum_key_key_no, &isnull));
		int64		event_id = DatumGetInt64(store_get(verify_store(scan), tuple, Anum_key_event_id, &isnull));

		/* The greatest number tells which key is in force. */
		if (event_id < last_event)
			verify_finding(v, "key", psprintf("key %d", key_no), "numbered as they were declared", "another order");
		last_event = Max(last_event, event_id);
		if (key_no > KEY_ROLES)
		{
			/* verify_declarations() has its event */
			if (key_no != ++last_no)
				verify_finding(v, "key", psprintf("key %d", last_no), "a row", "none");
			last_no = key_no;
			continue;
		}
		if (key_no < 1 || seen[key_no - 1])
		{
			verify_finding(v, "key", psprintf("key %d", key_no), NULL,
						   verify_column_text(verify_store(scan), tuple, Anum_key_vkey));
			continue;
		}
		seen[key_no - 1] = true;
		check_key(v, event, key_no - 1, verify_store(scan), tuple);
	}
	for (int role = 0; role < KEY_ROLES; role++)
		if (!seen[role])
			verify_finding(v, "key", signer_key_name(v->origin, role),
						   verify_detail(event, key_members[role]), NULL);
	verify_end(scan);
}

/* The leaf of a seal, -1 if it has none. */
static int64
leaf_of(Verify *v, int64 seal_no)
{
	Store	   *store = store_open("leaf", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		isnull;
	int64		leaf = -1;

	store_key_int8(&key, Anum_leaf_seal_no, seal_no);
	scan = verify_look_up(v, store, "leaf_seal", 1, &key);
	tuple = store_next(scan);
	if (tuple)
		leaf = DatumGetInt64(store_get(store, tuple, Anum_leaf_leaf_index, &isnull));
	store_end(scan);
	store_close(store);
	return leaf;
}

static int64
trusted_size(Verify *v, const cl_verifier *verifier)
{
	char		vkey[CL_VKEY_SIZE];

	if (cl_vkey_format(verifier->name, verifier->type, verifier->public_key, vkey) == 0)
		return PG_INT64_MAX;
	return log_keys_trusted(vkey, v->snapshot);
}

static void
add_seal_key(Verify *v, const cl_verifier *verifier, int64 after)
{
	Size		size = (v->nseal_keys + 1) * sizeof(SealKey);

	v->seal_keys = v->seal_keys ? repalloc(v->seal_keys, size) : palloc(size);
	v->seal_keys[v->nseal_keys++] = (SealKey) {*verifier, after, leaf_of(v, after), trusted_size(v, verifier)};
}

static void
trust_first_key(Verify *v, const char *vkey)
{
	cl_verifier verifier;

	if (vkey && cl_vkey_parse(vkey, strlen(vkey), &verifier))
		add_seal_key(v, &verifier, PG_INT64_MIN);
	else
		verify_finding(v, "key", vkey ? vkey : "the key of seals", "a verifier key", vkey);
}

static void
report_change(Verify *v, int64 event_id, const cl_verifier *before)
{
	verify_finding(v, "key", psprintf("event " INT64_FORMAT ", key_rotated", event_id),
				   psprintf("a change signed by %s and the next key", before ? before->name : "the ledger's key"),
				   "none that is good");
}

/* A key is trusted because the one before it says so, and it itself. */
static void
follow_seal_key(Verify *v, const VerifyEvent *event, const char *note)
{
	const cl_verifier *before = v->nseal_keys > 0 ? &v->seal_keys[v->nseal_keys - 1].verifier : NULL;
	cl_verifier next;

	if (before && note && cl_key_change_open(note, strlen(note), before, &next))
		add_seal_key(v, &next, event->event_id / EVENTS_PER_SEAL);
	else
		report_change(v, event->event_id, before);
}

/* The same for checkpoints, each log by itself that goes on after a loss. */
static void
follow_log_key(Verify *v, const VerifyEvent *event, const char *note)
{
	char	   *vkey = verify_detail(event, "vkey");
	const cl_verifier *before = NULL;
	cl_verifier declared;
	cl_verifier next;

	if (vkey && cl_vkey_parse(vkey, strlen(vkey), &declared))
		for (int i = 0; i < v->log_keys.n; i++)
			if (strcmp(v->log_keys.keys[i].verifier.name, declared.name) == 0)
				before = &v->log_keys.keys[i].verifier;
	if (before && note && cl_key_change_open(note, strlen(note), before, &next) &&
		memcmp(next.public_key, declared.public_key, CL_PUBLIC_BYTES) == 0)
		log_keys_add(&v->log_keys, vkey, event->event_id, v->snapshot);
	else
		report_change(v, event->event_id, before);
}

static void
follow_key(Verify *v, int64 event_id, const char *signs)
{
	VerifyEvent event;
	bool		is_seal = verify_same(signs, signer_role_name(KEY_SEAL));
	bool		is_log = verify_same(signs, signer_role_name(KEY_CHECKPOINT));

	if (!verify_find_event(v, event_id, &event))
		return;					/* verify_declarations() says so */
	if (strcmp(event.kind, "key_rotated") == 0 && is_seal)
		follow_seal_key(v, &event, verify_detail(&event, "change"));
	else if (strcmp(event.kind, "key_rotated") == 0 && is_log)
		follow_log_key(v, &event, verify_detail(&event, "change"));
	else if (strcmp(event.kind, "log_continued") == 0 && is_log && verify_detail(&event, "key_checkpoint"))
		log_keys_add(&v->log_keys, verify_detail(&event, "key_checkpoint"), event_id, v->snapshot);
}

static void
follow_keys(Verify *v)
{
	static const AttrNumber order[] = {Anum_key_key_no};
	VerifyScan *scan = verify_scan(v, "key", "key_pkey", 1, order);
	HeapTuple	tuple;

	while ((tuple = verify_next(scan)) != NULL)
	{
		bool		isnull;
		int			key_no = DatumGetInt32(store_get(verify_store(scan), tuple, Anum_key_key_no, &isnull));

		if (key_no > KEY_ROLES)
			follow_key(v, verify_number(scan, tuple, Anum_key_event_id),
					   verify_column_text(verify_store(scan), tuple, Anum_key_signs));
	}
	verify_end(scan);
	log_keys_revoke(&v->log_keys, v->snapshot);
}

void
verify_ledger(Verify *v)
{
	VerifyEvent event;

	if (!find_first_event(v, &event))
	{
		v->origin = pstrdup(declared_get()->origin);	/* says so if there is no ledger */
		verify_finding(v, "ledger", v->origin, "an event ledger_created", "no event at all");
		return;
	}
	v->origin = verify_detail(&event, "origin");
	if (strcmp(event.kind, "ledger_created") != 0 || !v->origin)
	{
		verify_finding(v, "ledger", psprintf("event " INT64_FORMAT, event.event_id), "ledger_created", event.kind);
		v->origin = pstrdup(declared_get()->origin);
		return;
	}
	v->test = verify_same(verify_detail(&event, "test"), "true");
	trust_first_key(v, verify_detail(&event, key_members[KEY_SEAL]));
	if (verify_detail(&event, key_members[KEY_CHECKPOINT]))
		log_keys_add(&v->log_keys, verify_detail(&event, key_members[KEY_CHECKPOINT]), event.event_id, v->snapshot);
	follow_keys(v);
	check_ledger_row(v, &event);
	check_keys(v, &event);
}
