/*
 * verify_log.c
 *		The log: leaves in order, the tree over them computed again, and what
 *		says something of that tree: tiles, checkpoints, seals, the file outside.
 *
 * One pass over the leaves, or over those since a checkpoint whose root the
 * stored tree has, and on which the new ones are built; what is kept of it are the roots of complete tiles,
 * 32 bytes for 256 leaves, and two hashes for each checkpoint.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/seal.h"
#include "core/tile.h"
#include "ledger/declared.h"
#include "ledger/signer.h"
#include "ledger/tables.h"
#include "log/bytes.h"
#include "log/outside.h"
#include "log/receipt.h"
#include "log/verify.h"
#include "log/verify_times.h"

/* Hashes of a level of the tree, as far as they are kept. */
typedef struct Hashes
{
	int64		base;			/* how many come before them */
	int64		n;
	int64		allocated;
	cl_hash    *hashes;
} Hashes;

/* The hashes of the tile at the right end of a level, and the roots of those before it. */
typedef struct Level
{
	int			width;
	cl_hash		edge[CL_TILE_WIDTH];
	Hashes		roots;
} Level;

typedef struct Pass
{
	Verify	   *v;
	MemoryContext context;
	int64		size;			/* leaves so far */
	bool		broken;			/* the hash of a leaf is not known: no root from here on is */
	cl_growing	growing;
	Level	   *levels[CL_TILE_LEVELS];
	Store	   *seals;
	StoreScan  *by_number;		/* of seals, NULL without their index */
	VerifyScan *checkpoints;
	HeapTuple	checkpoint;		/* the next one */
	TimestampTz last_signed;
	TimestampTz last_sealed;	/* latest time of a seal so far */
	TimestampTz waiting_since;	/* earliest of those after the last checkpoint, */
	int64		waiting;		/* and the number of that seal */
	int64		known_size;		/* a checkpoint that seals knew, and its root */
	cl_hash		known_root;
} Pass;

static char *
hash_text(const uint8 *hash)
{
	char	   *text = palloc(CL_BASE64_SIZE(CL_HASH_BYTES));

	cl_base64_encode(hash, CL_HASH_BYTES, text);
	return text;
}

static char *
root_text(const uint8 *hash)
{
	return psprintf("root %s", hash_text(hash));
}

static void
check_crypto(int result)
{
	if (result != CL_OK)
		elog(ERROR, "could not compute a SHA-256");
}

/* ---- the tree, computed again ---- */

static void
keep_root(Hashes *roots, const uint8 *hash)
{
	if (roots->n == roots->allocated)
	{
		roots->allocated = Max(256, 2 * roots->allocated);
		roots->hashes = roots->hashes ?
			repalloc_huge(roots->hashes, roots->allocated * sizeof(cl_hash)) :
			palloc(roots->allocated * sizeof(cl_hash));
	}
	memcpy(roots->hashes[roots->n++], hash, CL_HASH_BYTES);
}

static void
add_hash(Pass *pass, int number, const uint8 *hash)
{
	Level	   *level = pass->levels[number];
	cl_hash		root;

	if (!level)
		level = pass->levels[number] = palloc0(sizeof(Level));
	memcpy(level->edge[level->width++], hash, CL_HASH_BYTES);
	if (level->width < CL_TILE_WIDTH)
		return;
	check_crypto(cl_merkle_root(level->edge[0], CL_TILE_WIDTH, root));
	level->width = 0;
	keep_root(&level->roots, root);
	add_hash(pass, number + 1, root);
}

/* ---- checkpoints ---- */

static void
compare(Pass *pass, const char *thing, const char *column, const char *expected, const char *found)
{
	if (!verify_same(expected, found))
		verify_finding(pass->v, "checkpoint", psprintf("%s: %s", thing, column), expected, found);
}

/*
 * Nobody signs when a checkpoint was made; but what it covers was there, and
 * the next one was not.
 */
static void
check_signed_at(Pass *pass, const char *thing, TimestampTz signed_at)
{
	TimestampTz least = Max(pass->last_signed, pass->last_sealed);
	char	   *found = verify_text(TimestampTzGetDatum(signed_at), false, TIMESTAMPTZOID);

	if (signed_at < least - VERIFY_SKEW)
		verify_finding(pass->v, "checkpoint", psprintf("%s: signed_at", thing),
					   psprintf("not before %s, when what it covers was sealed or an earlier one was signed",
								verify_text(TimestampTzGetDatum(least), false, TIMESTAMPTZOID)), found);
	else if (signed_at > pass->v->started + VERIFY_SKEW)
		verify_finding(pass->v, "checkpoint", psprintf("%s: signed_at", thing), "not in the future", found);
	else
		pass->last_signed = Max(pass->last_signed, signed_at);
}

/* Receipts promise that nothing gets into the log later; tell of the seal that waited longest. */
static void
check_waiting(Pass *pass, int64 size, TimestampTz signed_at)
{
	int64		within = receipt_include_within();

	if (pass->waiting_since < signed_at && signed_at - pass->waiting_since > within * USECS_PER_SEC + VERIFY_SKEW)
		verify_finding(pass->v, "leaf", psprintf("seal " INT64_FORMAT, pass->waiting),
					   psprintf("in the log within " INT64_FORMAT " s of %s", within,
								verify_text(TimestampTzGetDatum(pass->waiting_since), false, TIMESTAMPTZOID)),
					   psprintf("late: first under the checkpoint of size " INT64_FORMAT ", of %s", size,
								verify_text(TimestampTzGetDatum(signed_at), false, TIMESTAMPTZOID)));
	pass->waiting_since = PG_INT64_MAX;
}

/* Was that the key in force at this size, and is it still trusted there? */
static void
check_key(Pass *pass, const char *thing, const LogKey *key, int64 size)
{
	const LogKey *in_force = log_keys_at(&pass->v->log_keys, key->verifier.name, size);

	if (key != in_force)
		verify_finding(pass->v, "checkpoint", thing, psprintf("signed by the key in force, %s", in_force ? in_force->vkey : "none"),
					   psprintf("signed by %s", key->vkey));
	else if (size > key->trusted_size)
		verify_finding(pass->v, "checkpoint", thing, psprintf("another key: this one is trusted up to a checkpoint of size " INT64_FORMAT, key->trusted_size),
					   psprintf("signed by %s", key->vkey));
}

/* Check the row at hand, whose tree was computed, or is larger than ours. */
static void
check_checkpoint(Pass *pass, int64 size)
{
	Store	   *store = verify_store(pass->checkpoints);
	char	   *thing = psprintf("checkpoint of size " INT64_FORMAT, size);
	char	   *note = verify_column_text(store, pass->checkpoint, Anum_checkpoint_note);
	bool		isnull;
	TimestampTz signed_at = DatumGetTimestampTz(store_get(store, pass->checkpoint, Anum_checkpoint_signed_at, &isnull));
	const LogKey *key;
	cl_checkpoint signed_head;
	cl_hash		root;
	char		hex[CL_HEX_SIZE(CL_HASH_BYTES)];

	check_signed_at(pass, thing, signed_at);
	check_waiting(pass, size, signed_at);
	key = log_keys_open(&pass->v->log_keys, NULL, note, &signed_head);
	if (!key)
	{
		verify_finding(pass->v, "checkpoint", thing, "a note signed by the ledger's key of checkpoints", "none");
		return;
	}
	check_key(pass, thing, key, (int64) signed_head.size);
	cl_hex_encode(signed_head.root, CL_HASH_BYTES, hex);
	compare(pass, thing, "size", psprintf(UINT64_FORMAT, signed_head.size), psprintf(INT64_FORMAT, size));
	compare(pass, thing, "root", hex, verify_column_text(store, pass->checkpoint, Anum_checkpoint_root));
	if ((int64) signed_head.size > pass->size)
		verify_finding(pass->v, "checkpoint", thing, psprintf(UINT64_FORMAT " leaves", signed_head.size),
					   psprintf(INT64_FORMAT, pass->size));
	else if (!pass->broken && (int64) signed_head.size == pass->size)
	{
		check_crypto(cl_growing_root(&pass->growing, root));
		if (memcmp(root, signed_head.root, CL_HASH_BYTES) != 0)
			verify_finding(pass->v, "checkpoint", thing, root_text(signed_head.root),
						   psprintf("%s over the leaves that are there", root_text(root)));
	}
}

/* Those of which all leaves have been seen; at the end, the others too. */
static void
check_checkpoints(Pass *pass, bool at_end)
{
	for (;;)
	{
		int64		size = verify_number(pass->checkpoints, pass->checkpoint, Anum_checkpoint_size);
		MemoryContext old;

		if (!pass->checkpoint || (size > pass->size && !at_end))
			return;
		old = MemoryContextSwitchTo(pass->v->scratch);
		check_checkpoint(pass, size);
		MemoryContextSwitchTo(old);
		MemoryContextReset(pass->v->scratch);
		pass->checkpoint = verify_next(pass->checkpoints);
	}
}

/* ---- leaves ---- */

/* The note of a seal; NULL if it is not there, which verify_seals() tells. */
static char *
find_note(Pass *pass, int64 seal_no)
{
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	char	   *note;

	store_key_int8(&key, Anum_seal_seal_no, seal_no);
	if (pass->by_number)
		store_rescan(scan = pass->by_number, &key);
	else
		scan = verify_look_up(pass->v, pass->seals, "seal_pkey", 1, &key);
	tuple = store_next(scan);
	note = tuple ? verify_column_text(pass->seals, tuple, Anum_seal_note) : NULL;
	if (!pass->by_number)
		store_end(scan);
	return note;
}

/* The root of the checkpoint that a seal says it knew. */
static bool
find_known_root(Pass *pass, int64 size)
{
	Store	   *store;
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		isnull;

	if (size == pass->known_size)
		return true;
	store = store_open("checkpoint", AccessShareLock);
	store_key_int8(&key, Anum_checkpoint_size, size);
	scan = verify_look_up(pass->v, store, "checkpoint_pkey", 1, &key);
	tuple = store_next(scan);
	pass->known_size = tuple &&
		bytes_read_hash(DatumGetByteaPP(store_get(store, tuple, Anum_checkpoint_root, &isnull)), pass->known_root) ? size : -1;
	store_end(scan);
	store_close(store);
	return pass->known_size == size;
}

/* Does the seal know the past of the tree in which it stands? */
static void
check_known(Pass *pass, const cl_seal *seal)
{
	char	   *thing = psprintf("seal " INT64_FORMAT, seal->number);
	char	   *stated = psprintf("it knew a checkpoint of size " INT64_FORMAT ", %s", seal->checkpoint_size,
								  root_text(seal->checkpoint_root));

	if (seal->checkpoint_size > pass->size)
		verify_finding(pass->v, "leaf", thing,
					   psprintf("a place after the " INT64_FORMAT " leaves that it knew", seal->checkpoint_size),
					   psprintf("leaf " INT64_FORMAT, pass->size));
	else if (seal->checkpoint_size == 0)
		return;
	else if (!find_known_root(pass, seal->checkpoint_size))
		verify_finding(pass->v, "checkpoint", thing, stated, "no such checkpoint");
	else if (memcmp(seal->checkpoint_root, pass->known_root, CL_HASH_BYTES) != 0)
		verify_finding(pass->v, "checkpoint", thing, stated, root_text(pass->known_root));
}

static void
add_leaf(Pass *pass, int64 seal_no)
{
	char	   *note = find_note(pass, seal_no);
	size_t		text_len = note ? cl_note_text(note, strlen(note)) : 0;
	cl_seal		seal;
	cl_hash		hash;

	if (!note)
	{
		if (!pass->broken)
			verify_finding(pass->v, "leaf", psprintf("leaf " INT64_FORMAT, pass->size),
						   psprintf("seal " INT64_FORMAT, seal_no), "none: no tile and no root from here on can be checked");
		pass->broken = true;
	}
	if (text_len > 0 && cl_seal_parse(note, text_len, &seal))
	{
		check_known(pass, &seal);
		pass->last_sealed = Max(pass->last_sealed, seal.time);
		if (seal.time < pass->waiting_since)
		{
			pass->waiting_since = seal.time;
			pass->waiting = seal.number;
		}
	}
	if (pass->broken)
		return;
	check_crypto(cl_merkle_leaf(note, strlen(note), hash));
	check_crypto(cl_growing_add(&pass->growing, hash));
	MemoryContextSwitchTo(pass->context);
	add_hash(pass, 0, hash);
	MemoryContextSwitchTo(pass->v->scratch);
}

static void
check_leaf(Pass *pass, VerifyScan *scan, HeapTuple row)
{
	int64		index = verify_number(scan, row, Anum_leaf_leaf_index);

	if (index > pass->size)
	{
		verify_finding(pass->v, "leaf", psprintf("leaf " INT64_FORMAT, pass->size), "a seal",
					   index - pass->size == 1 ? "none" : psprintf("none, as at " INT64_FORMAT " more places", index - pass->size - 1));
		pass->size = index;
		pass->broken = true;
	}
	else if (index < pass->size)
	{
		verify_finding(pass->v, "leaf", psprintf("leaf " INT64_FORMAT, index), index < 0 ? NULL : "one seal",
					   index < 0 ? "a seal" : "another seal as well");
		pass->broken = true;
		return;
	}
	add_leaf(pass, verify_number(scan, row, Anum_leaf_seal_no));
	pass->size++;
}

static void
check_leaves(Pass *pass)
{
	static const AttrNumber order[] = {Anum_leaf_leaf_index};
	VerifyScan *scan = verify_scan_from(pass->v, "leaf", "leaf_pkey", lengthof(order), order,
										pass->size > 0 ? pass->size : PG_INT64_MIN);
	HeapTuple	row;

	while ((row = verify_next(scan)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(pass->v->scratch);

		check_leaf(pass, scan, row);
		MemoryContextSwitchTo(old);
		MemoryContextReset(pass->v->scratch);
		check_checkpoints(pass, false);
		verify_progress(pass->v, "leaves of the log", pass->size);
	}
	check_checkpoints(pass, true);
	verify_end(scan);
}

/* ---- tiles ---- */

/* The complete tiles of a level that were computed: from, and to before. */
static int64
first_tile(const Pass *pass, int level)
{
	return level >= 0 && level < CL_TILE_LEVELS && pass->levels[level] ? pass->levels[level]->roots.base : 0;
}

static int64
computed_tiles(const Pass *pass, int level)
{
	return level >= 0 && level < CL_TILE_LEVELS && pass->levels[level] ?
		pass->levels[level]->roots.base + pass->levels[level]->roots.n : 0;
}

static char *
tile_name(int level, int64 index)
{
	return psprintf("tile %d/" INT64_FORMAT, level, index);
}

/* Report the complete tiles of a level that are not there. */
static void
report_missing(Pass *pass, int level, int64 from, int64 to)
{
	from = Max(from, first_tile(pass, level));
	to = Min(to, computed_tiles(pass, level));
	if (from < to)
		verify_finding(pass->v, "tile",
					   to - from == 1 ? tile_name(level, from) :
					   psprintf("%s and " INT64_FORMAT " after it", tile_name(level, from), to - from - 1),
					   "256 hashes", NULL);
}

static void
check_tile(Pass *pass, Store *store, HeapTuple row, int level, int64 index)
{
	const Hashes *roots = &pass->levels[level]->roots;
	const uint8 *computed = roots->hashes[index - roots->base];
	char	   *thing = tile_name(level, index);
	bool		isnull;
	bytea	   *hashes = DatumGetByteaPP(store_get(store, row, Anum_tile_hashes, &isnull));
	bytea	   *stored = DatumGetByteaPP(store_get(store, row, Anum_tile_root, &isnull));
	cl_hash		root;

	if (!bytes_read_hash(stored, root) || memcmp(root, computed, CL_HASH_BYTES) != 0)
		verify_finding(pass->v, "tile", thing, root_text(computed),
					   psprintf("root %s", verify_column_text(store, row, Anum_tile_root)));
	if (VARSIZE_ANY_EXHDR(hashes) != CL_TILE_BYTES)
	{
		verify_finding(pass->v, "tile", thing, "256 hashes", psprintf("%d bytes", (int) VARSIZE_ANY_EXHDR(hashes)));
		return;
	}
	check_crypto(cl_merkle_root((uint8 *) VARDATA_ANY(hashes), CL_TILE_WIDTH, root));
	if (memcmp(root, computed, CL_HASH_BYTES) != 0)
		verify_finding(pass->v, "tile", thing, psprintf("hashes with %s", root_text(computed)),
					   psprintf("hashes with %s", root_text(root)));
}

/* Where the tree is not known, nothing is said of a tile that may be one of it. */
static void
check_tiles(Pass *pass)
{
	static const AttrNumber order[] = {Anum_tile_level, Anum_tile_tile_index};
	VerifyScan *scan = verify_scan(pass->v, "tile", "tile_pkey", lengthof(order), order);
	int			level = 0;
	int64		next = 0;
	HeapTuple	row;

	while ((row = verify_next(scan)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(pass->v->scratch);
		Store	   *store = verify_store(scan);
		bool		isnull;
		int			row_level = DatumGetInt16(store_get(store, row, Anum_tile_level, &isnull));
		int64		index = verify_number(scan, row, Anum_tile_tile_index);

		for (; level < row_level; level++, next = 0)
			report_missing(pass, level, next, PG_INT64_MAX);
		report_missing(pass, level, next, index);
		if (row_level < 0 || index < next || (index >= computed_tiles(pass, row_level) && !pass->broken))
			verify_finding(pass->v, "tile", tile_name(row_level, index), NULL,
						   row_level == level && index < next && index >= 0 ? "a second one" : "a tile that the tree has not");
		else if (index >= first_tile(pass, row_level) && index < computed_tiles(pass, row_level))
			check_tile(pass, store, row, row_level, index);
		next = Max(next, index + 1);
		MemoryContextSwitchTo(old);
		MemoryContextReset(pass->v->scratch);
	}
	for (; level < CL_TILE_LEVELS; level++, next = 0)
		report_missing(pass, level, next, PG_INT64_MAX);
	verify_end(scan);
}

/* ---- the file outside ---- */

static const char *
state_text(OutsideState state, const Outside *outside)
{
	switch (state)
	{
		case OUTSIDE_FOREIGN:
			return "something else";
		case OUTSIDE_MISSING:
			return NULL;
		case OUTSIDE_STALE:
			return psprintf("one of size " UINT64_FORMAT ", older than that of size " INT64_FORMAT " in the database",
							outside->checkpoint.size, outside->stored_size);
		case OUTSIDE_BEYOND:
			return psprintf("one of size " UINT64_FORMAT ", and the database has fewer leaves: it lost what was signed",
							outside->checkpoint.size);
		case OUTSIDE_FORKED:
			return psprintf("one of size " UINT64_FORMAT " with %s, which is not that over the leaves that are there",
							outside->checkpoint.size, root_text(outside->checkpoint.root));
		case OUTSIDE_CURRENT:
			break;
	}
	return "the last signed checkpoint";
}

/* Are the keys here, and the one that signs checkpoints the one that is declared? */
static bool
signs_here(const Declared *d)
{
	LogKeys		keys = log_keys_read(GetActiveSnapshot());

	return signer_has_keys(d) && log_keys_at(&keys, d->log_origin, PG_INT64_MAX - 1);
}

/*
 * The file is newer than our snapshot perhaps, and what it covers was committed
 * before it was written: so it is compared with the tree as it is now.
 */
static void
check_outside(Pass *pass)
{
	Outside		outside;
	OutsideState state;
	LogTree    *tree;
	Snapshot	now;

	if (RecoveryInProgress() || !pass->v->has_row || !signs_here(declared_get()))
		return;
	outside_read(&outside);
	now = RegisterSnapshot(GetLatestSnapshot());
	tree = tree_open(now);
	state = outside_state(&outside, tree);
	if (state != OUTSIDE_CURRENT)
		verify_finding(pass->v, "checkpoint_file", outside.path, "the last signed checkpoint, which the log extends",
					   state_text(state, &outside));
	tree_close(tree);
	UnregisterSnapshot(now);
}

/* The tree up to the checkpoint that needs no look, from tiles that have its root. */
static void
begin_tree(Pass *pass)
{
	LogTree    *tree;
	cl_tree		core;

	cl_growing_begin(&pass->growing);
	pass->size = pass->v->since;
	if (pass->size == 0)
		return;
	tree = tree_open(pass->v->snapshot);
	core = tree_of_size(tree, pass->size);
	pass->growing.size = pass->size;
	for (unsigned bit = 0; bit < 63; bit++)
		if ((pass->size >> bit & 1) != 0)
			check_crypto(core.subtree(core.arg, bit, (pass->size >> bit) - 1, pass->growing.peaks[bit]));
	for (int number = 0; number < CL_TILE_LEVELS; number++)
	{
		int64		hashes = cl_tile_hashes(pass->size, number);
		Level	   *level;

		if (hashes == 0)
			break;
		level = pass->levels[number] = palloc0(sizeof(Level));
		level->roots.base = hashes / CL_TILE_WIDTH;
		level->width = hashes % CL_TILE_WIDTH;
		if (level->width > 0)
			memcpy(level->edge, tree_tile(tree, number, level->roots.base, level->width), level->width * CL_HASH_BYTES);
	}
	tree_close(tree);
}

/* Seals are looked up one after another: by an index that is kept open. */
static StoreScan *
begin_by_number(Pass *pass)
{
	static const AttrNumber columns[] = {Anum_seal_seal_no};
	ScanKeyData key;

	if (!verify_has_index("seal", "seal_pkey", lengthof(columns), columns))
		return NULL;
	store_key_int8(&key, Anum_seal_seal_no, 0);
	return store_scan(pass->seals, "seal_pkey", pass->v->snapshot, 1, &key);
}

void
verify_log(Verify *v)
{
	static const AttrNumber order[] = {Anum_checkpoint_size};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "consent verify log", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Pass		pass = {.v = v, .known_size = -1, .last_signed = PG_INT64_MIN + VERIFY_SKEW, .last_sealed = PG_INT64_MIN + VERIFY_SKEW, .waiting_since = PG_INT64_MAX};
	int64		before = v->nfindings;

	pass.context = context;
	pass.seals = store_open("seal", AccessShareLock);
	pass.by_number = begin_by_number(&pass);
	begin_tree(&pass);
	pass.checkpoints = verify_scan_from(v, "checkpoint", "checkpoint_pkey", lengthof(order), order,
										pass.size > 0 ? pass.size : PG_INT64_MIN);
	pass.checkpoint = verify_next(pass.checkpoints);
	check_leaves(&pass);
	check_tiles(&pass);
	verify_end(pass.checkpoints);
	if (pass.by_number)
		store_end(pass.by_number);
	store_close(pass.seals);
	/* A tree that is damaged cannot be read by others either. */
	if (v->nfindings == before)
		check_outside(&pass);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* ---- since a checkpoint ---- */

/* The least number of a seal that the tree of this size has not. */
static int64
first_seal_since(Verify *v, int64 size)
{
	static const AttrNumber leaf_order[] = {Anum_leaf_leaf_index};
	static const AttrNumber pending_order[] = {Anum_seal_pending_seal_no};
	LogTree    *tree = tree_open(v->snapshot);
	int64		first = tree_last_seal(tree) + 1;
	VerifyScan *scan;
	HeapTuple	row;

	tree_close(tree);
	scan = verify_scan_from(v, "leaf", "leaf_pkey", lengthof(leaf_order), leaf_order, size);
	while ((row = verify_next(scan)) != NULL)
		first = Min(first, verify_number(scan, row, Anum_leaf_seal_no));
	verify_end(scan);
	scan = verify_scan(v, "seal_pending", "seal_pending_pkey", lengthof(pending_order), pending_order);
	row = verify_next(scan);
	first = Min(first, verify_number(scan, row, Anum_seal_pending_seal_no));
	verify_end(scan);
	return first;
}

/* Does the stored tree have this head?  If not, that is a finding. */
static bool
tree_has(Verify *v, const cl_checkpoint *head)
{
	const char *thing = psprintf("the checkpoint given, of size " UINT64_FORMAT, head->size);
	LogTree    *tree = tree_open(v->snapshot);
	bool		larger = (int64) head->size > tree_size(tree);
	cl_hash		root;

	if (larger)
		verify_finding(v, "checkpoint", thing, psprintf(UINT64_FORMAT " leaves", head->size),
					   psprintf(INT64_FORMAT, tree_size(tree)));
	else
		tree_root(tree, (int64) head->size, root);
	tree_close(tree);
	if (larger || memcmp(root, head->root, CL_HASH_BYTES) == 0)
		return !larger;
	verify_finding(v, "checkpoint", thing, root_text(head->root), root_text(root));
	return false;
}

void
verify_since(Verify *v, const char *note)
{
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(int64)};
	cl_checkpoint head;

	if (!log_keys_open(&v->log_keys, NULL, note, &head))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("what is given as since is not a checkpoint of this log"),
				 errdetail("No key of this ledger has signed it."),
				 errhint("SELECT * FROM consent.check_fork(note) says how a checkpoint relates to this ledger.")));
	if (head.size == 0 || !tree_has(v, &head))
		return;					/* nothing is spared */
	v->since = (int64) head.size;
	v->first_seal = first_seal_since(v, v->since);
	v->runs = hash_create("consent runs to verify", 16, &control, HASH_ELEM | HASH_BLOBS);
}
