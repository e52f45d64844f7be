/*
 * signer.c
 *		The ledger's private keys, in files outside the data directory.
 *
 * A key file is named by a hash of origin, database and role, so that a first
 * try needs no setting and databases of one server do not meet.
 */
#include "postgres.h"

#include <sys/stat.h>
#include <unistd.h>

#include "access/xact.h"
#include "commands/dbcommands.h"
#include "common/file_perm.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/hash.h"
#include "core/key.h"
#include "core/key_change.h"
#include "core/note.h"
#include "ledger/signer.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "settings.h"

#define FILE_LABEL "consent_ledger/key/v1"

static const char *const role_names[KEY_ROLES] = {"checkpoint", "seal", "witness"};
static const char *const key_suffixes[KEY_ROLES] = {"", "/seal", "/witness"};
static const uint8 key_types[KEY_ROLES] = {
	CL_NOTE_ED25519, CL_NOTE_ED25519, CL_NOTE_COSIGNATURE
};

/* Keys that this backend has read; they live as long as it does. */
typedef struct LoadedKey
{
	cl_key	   *key;
	char		vkey[CL_VKEY_SIZE]; /* with the origin in it */
} LoadedKey;

static LoadedKey loaded[KEY_ROLES];

/* The key for seals that the newest snapshot shows, as long as nobody changes keys. */
static char seal_vkey[CL_VKEY_SIZE];
static uint64 seal_vkey_as_of = 0;
static uint64 key_changes = 1;

/* A file to be removed, newest first; in TopTransactionContext. */
typedef struct Removal
{
	struct Removal *older;
	bool		at_abort;		/* it was made; otherwise it goes at commit */
	SubTransactionId subid;
	char	   *path;
} Removal;

static Removal *removals = NULL;

char *
signer_key_name(const char *origin, KeyRole role)
{
	return psprintf("%s%s", origin, key_suffixes[role]);
}

const char *
signer_role_name(KeyRole role)
{
	return role_names[role];
}

static char *
key_directory(void)
{
	char	   *directory;

	if (setting_key_directory && setting_key_directory[0])
		return pstrdup(setting_key_directory);
	directory = psprintf("%s/../consent_ledger", DataDir);
	canonicalize_path(directory);
	return directory;
}

/*
 * A file of the ledger's, by what its name ends in.  Those of a test ledger are
 * its own, by the checkpoint key: it never meets the keys of another ledger of
 * the same origin, nor those of one that it is made anew from.
 */
static char *
file_path(const char *origin, const char *test_vkey, const char *what)
{
	const char *database = get_database_name(MyDatabaseId);
	cl_part		parts[4] = {
		{FILE_LABEL, strlen(FILE_LABEL)},
		{origin, strlen(origin)},
		{database, strlen(database)},
		{test_vkey, test_vkey ? strlen(test_vkey) : 0}
	};
	uint8		hash[CL_HASH_BYTES];
	char		hex[2 * CL_HASH_BYTES + 1];

	if (cl_commit("", 0, parts, test_vkey ? 4 : 3, hash) != CL_OK)
		elog(ERROR, "could not compute a hash");
	cl_hex_encode(hash, CL_HASH_BYTES, hex);
	return psprintf("%s/%.16s-%s", key_directory(), hex, what);
}

static char *
key_path(const char *origin, const char *test_vkey, KeyRole role)
{
	return file_path(origin, test_vkey, psprintf("%s.pem", role_names[role]));
}

/* What the files of a test ledger are named by; NULL for any other. */
static const char *
test_vkey(const Declared *d)
{
	if (!d->test)
		return NULL;
	return d->first_vkey ? d->first_vkey : "";
}

/* The log may have one of its own. */
static const char *
origin_of(const Declared *d, KeyRole role)
{
	return role == KEY_CHECKPOINT ? d->log_origin : d->origin;
}

/* Of a key that came later. */
static char *
later_key_path(const Declared *d, KeyRole role, const char *vkey)
{
	cl_verifier verifier = {{0}};

	cl_vkey_parse(vkey, strlen(vkey), &verifier);
	return file_path(origin_of(d, role), test_vkey(d), psprintf("%s-%08x.pem", role_names[role], verifier.id));
}

/* Of a key by its public part; NULL: not known. */
static char *
declared_key_path(const Declared *d, KeyRole role, const char *vkey)
{
	char	   *later = vkey ? later_key_path(d, role, vkey) : NULL;

	return later && access(later, F_OK) == 0 ? later : key_path(origin_of(d, role), test_vkey(d), role);
}

char *
signer_checkpoint_path(const Declared *d, const char *log_origin)
{
	return file_path(log_origin, test_vkey(d), "checkpoint.note");
}

/* The one place where a key's trouble becomes an error. */
static void
raise_key_error(cl_key_status status, const char *path, KeyRole role)
{
	switch (status)
	{
		case CL_KEY_OK:
			return;
		case CL_KEY_MISSING:
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FILE),
					 errmsg("the %s key of the ledger is missing: \"%s\"", role_names[role], path),
					 errhint("Put the key file back, or set consent_ledger.key_directory to where it is.")));
			break;
		case CL_KEY_EXISTS:
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_FILE),
					 errmsg("key file \"%s\" exists already", path)));
			break;
		case CL_KEY_IO:
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not access key file \"%s\": %m", path),
					 errhint("The directory must be writable by the server; consent_ledger.key_directory names it.")));
			break;
		case CL_KEY_PERMISSIONS:
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("key file \"%s\" can be read by others than its owner", path),
					 errhint("Permissions must be u=rw (0600) or less.")));
			break;
		case CL_KEY_MALFORMED:
		case CL_KEY_WRONG_TYPE:
			ereport(ERROR,
					(errcode(ERRCODE_CONFIG_FILE_ERROR),
					 errmsg("key file \"%s\" does not hold an Ed25519 private key", path),
					 errdetail("A key is stored as PEM, PKCS #8, without a pass phrase.")));
			break;
		case CL_KEY_CRYPTO:
			ereport(ERROR,
					(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
					 errmsg("libcrypto could not make or use the %s key of the ledger", role_names[role])));
			break;
	}
}

static void
make_directory(void)
{
	char	   *directory = key_directory();

	if (mkdir(directory, S_IRWXU) != 0 && errno != EEXIST)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not create key directory \"%s\": %m", directory),
				 errhint("Create it for the server's user, or set consent_ledger.key_directory.")));
}

/* Keep a key for as long as this backend lives, in place of what was kept. */
static void
keep_key(const char *origin, KeyRole role, cl_key *key)
{
	uint8		public_key[CL_PUBLIC_BYTES];

	cl_key_free(loaded[role].key);
	loaded[role].key = key;
	loaded[role].vkey[0] = '\0';
	raise_key_error(cl_key_public(key, public_key), "", role);
	if (cl_vkey_format(signer_key_name(origin, role), key_types[role], public_key, loaded[role].vkey) == 0)
		raise_key_error(CL_KEY_CRYPTO, "", role);
}

/* One key: adopted if it is there, made otherwise. */
static char *
create_key(const char *origin, const char *test_vkey, KeyRole role)
{
	char	   *path = key_path(origin, test_vkey, role);
	cl_key	   *key;
	cl_key_status status = cl_key_load(path, &key);

	if (status == CL_KEY_MISSING)
	{
		status = cl_key_generate(&key);
		if (status == CL_KEY_OK)
		{
			status = cl_key_store(path, key);
			if (status != CL_KEY_OK)
				cl_key_free(key);
		}
	}
	raise_key_error(status, path, role);
	keep_key(origin, role, key);
	return pstrdup(loaded[role].vkey);
}

/* One key of a test ledger; the checkpoint key, which names the files, first. */
static char *
create_test_key(const char *origin, KeyRole role)
{
	cl_key	   *key;
	char	   *path;

	raise_key_error(cl_key_generate(&key), "", role);
	keep_key(origin, role, key);
	path = key_path(origin, loaded[KEY_CHECKPOINT].vkey, role);
	raise_key_error(cl_key_store(path, key), path, role);
	return pstrdup(loaded[role].vkey);
}

void
signer_forget(void)
{
	for (int role = 0; role < KEY_ROLES; role++)
	{
		cl_key_free(loaded[role].key);
		loaded[role].key = NULL;
	}
}

void
signer_create_keys(const char *origin, bool test, char *vkeys[KEY_ROLES])
{
	make_directory();
	signer_forget();
	for (int role = 0; role < KEY_ROLES; role++)
		vkeys[role] = test ? create_test_key(origin, role) : create_key(origin, NULL, role);
}

char *
signer_create_log_key(const Declared *d, const char *log_origin)
{
	make_directory();
	return create_key(log_origin, test_vkey(d), KEY_CHECKPOINT);
}

bool
signer_has_keys(const Declared *d)
{
	struct stat st;

	return stat(declared_key_path(d, KEY_CHECKPOINT, d->vkeys[KEY_CHECKPOINT]), &st) == 0;
}

char *
signer_vkey_name(const char *vkey)
{
	return pnstrdup(vkey, strcspn(vkey, "+"));
}

void
signer_read_keys(const char *vkeys[KEY_ROLES], const char **first_vkey)
{
	Store	   *store = store_open("key", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
	int32		newest[KEY_ROLES] = {0};
	HeapTuple	row;

	while ((row = store_next(scan)) != NULL)
	{
		bool		isnull;
		int32		key_no = DatumGetInt32(store_get(store, row, Anum_key_key_no, &isnull));
		char	   *signs = TextDatumGetCString(store_get(store, row, Anum_key_signs, &isnull));

		if (key_no == KEY_CHECKPOINT + 1)
			*first_vkey = TextDatumGetCString(store_get(store, row, Anum_key_vkey, &isnull));
		for (int role = 0; role < KEY_ROLES; role++)
		{
			if (strcmp(signs, role_names[role]) != 0 || key_no <= newest[role])
				continue;
			newest[role] = key_no;
			vkeys[role] = TextDatumGetCString(store_get(store, row, Anum_key_vkey, &isnull));
		}
	}
	store_end(scan);
	store_close(store);
}

/* ---- files that go when the transaction ends ---- */

static void
remove_at_end(const char *path, bool at_abort)
{
	Removal    *r = MemoryContextAlloc(TopTransactionContext, sizeof(Removal));

	r->at_abort = at_abort;
	r->path = MemoryContextStrdup(TopTransactionContext, path);
	r->subid = GetCurrentSubTransactionId();
	r->older = removals;
	removals = r;
}

/* Those whose files are named by their ids. */
static void
remove_rotated_keys(const Declared *d)
{
	Store	   *store = store_open("key", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
	HeapTuple	row;
	bool		isnull;

	while ((row = store_next(scan)) != NULL)
		for (int role = 0; role < KEY_ROLES; role++)
			if (strcmp(TextDatumGetCString(store_get(store, row, Anum_key_signs, &isnull)), role_names[role]) == 0)
				remove_at_end(later_key_path(d, role, TextDatumGetCString(store_get(store, row, Anum_key_vkey, &isnull))),
							  false);
	store_end(scan);
	store_close(store);
}

void
signer_remove_keys(const Declared *d)
{
	const char *logs[] = {d->origin, d->log_origin};

	remove_rotated_keys(d);
	for (int role = 0; role < KEY_ROLES; role++)
		remove_at_end(key_path(d->origin, test_vkey(d), role), false);
	for (size_t i = 0; i < lengthof(logs); i++)
	{
		char	   *note = signer_checkpoint_path(d, logs[i]);

		remove_at_end(key_path(logs[i], test_vkey(d), KEY_CHECKPOINT), false);
		remove_at_end(note, false);
		remove_at_end(psprintf("%s" LAST_SEAL_SUFFIX, note), false);
	}
}

static void
remove_if(const Removal *r, bool aborted)
{
	if (r->at_abort == aborted)
		unlink(r->path);
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mySubid,
					  SubTransactionId parentSubid, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		for (; removals && removals->subid >= mySubid; removals = removals->older)
			remove_if(removals, true);
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		for (Removal *r = removals; r && r->subid >= mySubid; r = r->older)
			r->subid = parentSubid;
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		for (Removal *r = removals; r; r = r->older)
			remove_if(r, event == XACT_EVENT_ABORT);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		removals = NULL;
}

void
signer_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}

/* ---- the key for seals ---- */

static void
keys_changed(Datum arg, Oid relid)
{
	key_changes++;
}

/*
 * Until the end of the transaction nobody gives seals another key.  Take it
 * before the seal has its number: then those of a key are numbered, and
 * committed, before those of the next.
 */
void
signer_hold_seal_key(void)
{
	static bool registered = false;

	if (!registered)
		CacheRegisterRelcacheCallback(keys_changed, (Datum) 0);
	registered = true;
	LockRelationOid(store_relid("seal"), RowExclusiveLock);
}

/* The other side: waits for all who hold it. */
static void
lock_seal_key(void)
{
	LockRelationOid(store_relid("seal"), ShareRowExclusiveLock);
}

void
signer_keys_changed(void)
{
	CacheInvalidateRelcacheByRelid(store_relid("key"));
}

/*
 * What a repeatable snapshot shows may be a key that was replaced meanwhile.
 * Whoever replaces it invalidates before others get the lock.
 */
static const char *
key_in_force(const Declared *d, KeyRole role)
{
	const char *vkeys[KEY_ROLES] = {0};
	const char *first_vkey;
	uint64		as_of = key_changes;

	if (role != KEY_SEAL || !d->vkeys[role])
		return d->vkeys[role];
	if (seal_vkey_as_of == as_of && strcmp(seal_vkey, d->vkeys[role]) == 0)
		return seal_vkey;
	store_push_latest_snapshot();
	signer_read_keys(vkeys, &first_vkey);
	store_pop_snapshot();
	if (!vkeys[role] || strlen(vkeys[role]) >= sizeof(seal_vkey))
		return vkeys[role];
	strlcpy(seal_vkey, vkeys[role], sizeof(seal_vkey));
	seal_vkey_as_of = as_of;
	return seal_vkey;
}

/* ---- signing ---- */

static void
refuse_other_key(const char *vkey, KeyRole role, const char *path)
{
	char	   *found = pstrdup(loaded[role].vkey);

	signer_forget();
	ereport(ERROR,
			(errcode(ERRCODE_CONFIG_FILE_ERROR),
			 errmsg("key file \"%s\" does not hold the %s key of the ledger", path, role_names[role]),
			 errdetail("It holds %s; the ledger's is %s.", found,
					   vkey ? vkey : "missing in consent.key"),
			 errhint("Put the ledger's own key file back, or set consent_ledger.key_directory to where it is.")));
}

/*
 * The key that the ledger declares.  One that was kept may be that of a ledger
 * which somebody else has made anew.
 */
static cl_key *
load_key(const Declared *d, KeyRole role)
{
	LoadedKey  *kept = &loaded[role];
	const char *origin = origin_of(d, role);
	const char *vkey;
	cl_key	   *key = NULL;
	char	   *path;

	if (kept->key && d->version < 0)
		return kept->key;
	vkey = key_in_force(d, role);
	if (kept->key && vkey && strcmp(kept->vkey, vkey) == 0)
		return kept->key;
	path = declared_key_path(d, role, vkey);
	raise_key_error(cl_key_load(path, &key), path, role);
	keep_key(origin, role, key);
	if (!vkey || strcmp(kept->vkey, vkey) != 0)
		refuse_other_key(vkey, role, path);
	return kept->key;
}

char *
signer_sign(const Declared *d, KeyRole role, const char *text)
{
	cl_key	   *key = load_key(d, role);
	size_t		cap = strlen(text) + CL_SIGNATURE_LINE_MAX + 1;
	char	   *note = palloc(cap);

	if (cl_note_sign(text, strlen(text), signer_key_name(origin_of(d, role), role), key, note, cap) == 0)
		raise_key_error(CL_KEY_CRYPTO, "", role);
	return note;
}

char *
signer_cosign(const Declared *d, const char *text, size_t len, uint64 time)
{
	cl_key	   *key = load_key(d, KEY_WITNESS);
	char	   *line = palloc(CL_SIGNATURE_LINE_MAX);

	if (cl_note_cosign(text, len, signer_key_name(d->origin, KEY_WITNESS), key, time,
					   line, CL_SIGNATURE_LINE_MAX) == 0)
		return NULL;
	return line;
}

/* ---- rotating ---- */

/* The old key's note with the signature line of the new one. */
static char *
sign_change(const char *name, const cl_key_change *change, cl_key *before, cl_key *after)
{
	char		text[CL_KEY_CHANGE_MAX];
	size_t		len = cl_key_change_format(change, text, sizeof(text));
	size_t		cap = len + CL_SIGNATURE_LINE_MAX + 1;
	char	   *first = palloc(cap);
	char	   *second = palloc(cap);

	if (len == 0 || cl_note_sign(text, len, name, before, first, cap) == 0 ||
		cl_note_sign(text, len, name, after, second, cap) == 0)
		raise_key_error(CL_KEY_CRYPTO, "", KEY_SEAL);
	return psprintf("%s%s", first, second + len + 1);
}

char *
signer_rotate(const Declared *d, KeyRole role, char **change)
{
	char	   *name = signer_key_name(origin_of(d, role), role);
	uint8		public_key[CL_PUBLIC_BYTES];
	char		vkey[CL_VKEY_SIZE];
	cl_key_change text = {cl_string(d->origin), cl_string(role_names[role])};
	cl_key	   *old_key;
	cl_key	   *key;
	char	   *path;

	if (role == KEY_SEAL)
	{
		signer_hold_seal_key();
		lock_seal_key();
	}
	old_key = load_key(d, role);
	text.before = cl_string(pstrdup(loaded[role].vkey));
	raise_key_error(cl_key_generate(&key), "", role);
	PG_TRY();
	{
		raise_key_error(cl_key_public(key, public_key), "", role);
		if (cl_vkey_format(name, key_types[role], public_key, vkey) == 0)
			raise_key_error(CL_KEY_CRYPTO, "", role);
		text.after = cl_string(vkey);
		*change = sign_change(name, &text, old_key, key);
		path = later_key_path(d, role, vkey);
		raise_key_error(cl_key_store(path, key), path, role);
		remove_at_end(path, true);
	}
	PG_FINALLY();
	{
		cl_key_free(key);
	}
	PG_END_TRY();
	return pstrdup(vkey);
}

/* ---- checkpoints ---- */

/* By a key that is not in force any more. */
static char *
sign_with_older(const Declared *d, const char *vkey, const char *text)
{
	char	   *path = declared_key_path(d, KEY_CHECKPOINT, vkey);
	size_t		cap = strlen(text) + CL_SIGNATURE_LINE_MAX + 1;
	char	   *note = palloc(cap);
	cl_verifier verifier;
	cl_key	   *key;
	size_t		len;

	raise_key_error(cl_key_load(path, &key), path, KEY_CHECKPOINT);
	len = cl_note_sign(text, strlen(text), d->log_origin, key, note, cap);
	cl_key_free(key);
	if (len == 0)
		raise_key_error(CL_KEY_CRYPTO, path, KEY_CHECKPOINT);
	if (!cl_vkey_parse(vkey, strlen(vkey), &verifier) || !cl_note_verify(note, len, &verifier))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("key file \"%s\" does not hold the checkpoint key %s", path, vkey),
				 errhint("Put the ledger's own key file back, or set consent_ledger.key_directory to where it is.")));
	return note;
}

char *
signer_sign_checkpoint(const Declared *d, const char *vkey, const char *text)
{
	if (d->vkeys[KEY_CHECKPOINT] && strcmp(vkey, d->vkeys[KEY_CHECKPOINT]) == 0)
		return signer_sign(d, KEY_CHECKPOINT, text);
	return sign_with_older(d, vkey, text);
}
