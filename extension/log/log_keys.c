/*
 * log_keys.c
 *		Which key signs checkpoints of which size.
 *
 * A key is changed by an event.  Whoever signs a tree in which that event's seal
 * is a leaf does so with the new key, and a smaller tree with the old one.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "core/checkpoint.h"
#include "ledger/intake.h"
#include "ledger/leaves.h"
#include "ledger/signer.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/log_keys.h"

/* From which size on a checkpoint covers an event; PG_INT64_MAX while its seal waits. */
static int64
size_with(int64 event_id, Snapshot snapshot)
{
	int64		leaf = leaves_of_seal(event_id / EVENTS_PER_SEAL, snapshot);

	return leaf < 0 ? PG_INT64_MAX : leaf + 1;
}

int64
log_keys_trusted(const char *vkey, Snapshot snapshot)
{
	Store	   *store = store_open("key_revocation", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, snapshot, 0, NULL);
	int64		size = PG_INT64_MAX;
	HeapTuple	row;
	bool		isnull;

	while ((row = store_next(scan)) != NULL)
		if (strcmp(TextDatumGetCString(store_get(store, row, Anum_key_revocation_vkey, &isnull)), vkey) == 0)
			size = DatumGetInt64(store_get(store, row, Anum_key_revocation_last_trusted_size, &isnull));
	store_end(scan);
	store_close(store);
	return size;
}

void
log_keys_revoke(LogKeys *keys, Snapshot snapshot)
{
	for (int i = 0; i < keys->n; i++)
		keys->keys[i].trusted_size = log_keys_trusted(keys->keys[i].vkey, snapshot);
}

/* The first key of a log counts from its beginning. */
static bool
is_first_of_name(const LogKeys *keys, const LogKey *key)
{
	for (int i = 0; i < keys->n; i++)
		if (strcmp(keys->keys[i].verifier.name, key->verifier.name) == 0)
			return false;
	return true;
}

bool
log_keys_add(LogKeys *keys, const char *vkey, int64 event_id, Snapshot snapshot)
{
	LogKey  *key;

	keys->keys = keys->keys ? repalloc(keys->keys, (keys->n + 1) * sizeof(LogKey)) : palloc(sizeof(LogKey));
	key = &keys->keys[keys->n];
	*key = (LogKey) {.trusted_size = PG_INT64_MAX};
	key->vkey = pstrdup(vkey);
	if (!cl_vkey_parse(vkey, strlen(vkey), &key->verifier))
		return false;
	key->from_size = is_first_of_name(keys, key) ? 0 : size_with(event_id, snapshot);
	keys->n++;
	return true;
}

LogKeys
log_keys_read(Snapshot snapshot)
{
	LogKeys	keys = {0};
	Store	   *store = store_open("key", AccessShareLock);
	StoreScan  *scan = store_scan(store, "key_pkey", snapshot, 0, NULL);
	HeapTuple	row;

	while ((row = store_next(scan)) != NULL)
	{
		bool		isnull;

		if (strcmp(TextDatumGetCString(store_get(store, row, Anum_key_signs, &isnull)), signer_role_name(KEY_CHECKPOINT)) == 0)
			log_keys_add(&keys, TextDatumGetCString(store_get(store, row, Anum_key_vkey, &isnull)),
						 DatumGetInt64(store_get(store, row, Anum_key_event_id, &isnull)), snapshot);
	}
	store_end(scan);
	store_close(store);
	log_keys_revoke(&keys, snapshot);
	return keys;
}

const LogKey *
log_keys_at(const LogKeys *keys, const char *log_origin, int64 size)
{
	const LogKey *found = NULL;

	for (int i = 0; i < keys->n; i++)
		if (strcmp(keys->keys[i].verifier.name, log_origin) == 0 &&
			keys->keys[i].from_size <= size)
			found = &keys->keys[i];
	return found;
}

const LogKey *
log_keys_open(const LogKeys *keys, const char *log_origin, const char *note, cl_checkpoint *checkpoint)
{
	for (int i = 0; i < keys->n; i++)
		if ((!log_origin || strcmp(keys->keys[i].verifier.name, log_origin) == 0) &&
			cl_checkpoint_open(note, strlen(note), &keys->keys[i].verifier, checkpoint))
			return &keys->keys[i];
	return NULL;
}
