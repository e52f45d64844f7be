/*
 * tree.c
 *		The tree over the leaves of the log, as it is stored.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/bytes.h"
#include "log/tree.h"

/* The tile of a level that was read last, as wide as it is stored. */
typedef struct CachedTile
{
	int64		index;
	int			width;			/* 0: none was read */
	cl_hash		hashes[CL_TILE_WIDTH];
} CachedTile;

struct LogTree
{
	Snapshot	snapshot;
	int64		size;
	Store	   *leaves;
	Store	   *seals;
	Store	   *tiles;
	StoreScan  *seal_scan;		/* looks up one by one; NULL before the first */
	MemoryContext context;
	MemoryContext row;			/* lives for one row */
	CachedTile *cached[CL_TILE_LEVELS];
};

struct LeafScan
{
	LogTree    *tree;
	StoreScan  *rows;
	int64		next;
};

static void
refuse_damaged(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the log is damaged: %s", what),
			 errhint("SELECT * FROM consent.verify() tells what was changed.")));
}

/* The greatest value of a column that has an index; -1 without leaves. */
static int64
greatest(LogTree *tree, const char *index, AttrNumber attno)
{
	StoreScan  *scan = store_scan(tree->leaves, index, tree->snapshot, 0, NULL);
	HeapTuple	tuple = store_previous(scan);
	bool		isnull;
	int64		value = -1;

	if (tuple)
		value = DatumGetInt64(store_get(tree->leaves, tuple, attno, &isnull));
	store_end(scan);
	return value;
}

LogTree *
tree_open(Snapshot snapshot)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "consent log tree",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	LogTree    *tree = palloc0(sizeof(LogTree));

	tree->context = context;
	tree->row = AllocSetContextCreate(context, "consent log row", ALLOCSET_SMALL_SIZES);
	tree->snapshot = snapshot;
	tree->leaves = store_open("leaf", AccessShareLock);
	tree->seals = store_open("seal", AccessShareLock);
	tree->tiles = store_open("tile", AccessShareLock);
	tree->size = greatest(tree, "leaf_pkey", Anum_leaf_leaf_index) + 1;
	MemoryContextSwitchTo(old);
	return tree;
}

void
tree_close(LogTree *tree)
{
	if (tree->seal_scan)
		store_end(tree->seal_scan);
	store_close(tree->leaves);
	store_close(tree->seals);
	store_close(tree->tiles);
	MemoryContextDelete(tree->context);
}

int64
tree_size(const LogTree *tree)
{
	return tree->size;
}

int64
tree_last_seal(LogTree *tree)
{
	return Max(greatest(tree, "leaf_seal", Anum_leaf_seal_no), 0);
}

/* ---- leaves ---- */

cl_value
tree_seal_note(LogTree *tree, int64 seal_no)
{
	MemoryContext old = MemoryContextSwitchTo(tree->context);
	ScanKeyData key;
	HeapTuple	tuple;
	bool		isnull;
	text	   *note;

	store_key_int8(&key, Anum_seal_seal_no, seal_no);
	if (tree->seal_scan)
		store_rescan(tree->seal_scan, &key);
	else
		tree->seal_scan = store_scan(tree->seals, "seal_pkey", tree->snapshot, 1, &key);
	tuple = store_next(tree->seal_scan);
	if (!tuple)
		refuse_damaged(psprintf("seal " INT64_FORMAT " is missing", seal_no));
	MemoryContextReset(tree->row);
	MemoryContextSwitchTo(tree->row);
	note = DatumGetTextPP(store_get(tree->seals, tuple, Anum_seal_note, &isnull));
	MemoryContextSwitchTo(old);
	return (cl_value) {VARDATA_ANY(note), VARSIZE_ANY_EXHDR(note)};
}

LeafScan *
tree_leaves(LogTree *tree, int64 index)
{
	MemoryContext old = MemoryContextSwitchTo(tree->context);
	LeafScan   *scan = palloc0(sizeof(LeafScan));
	ScanKeyData key;

	store_key_int8_from(&key, Anum_leaf_leaf_index, index);
	scan->tree = tree;
	scan->next = index;
	scan->rows = store_scan(tree->leaves, "leaf_pkey", tree->snapshot, 1, &key);
	MemoryContextSwitchTo(old);
	return scan;
}

bool
tree_next_leaf(LeafScan *scan, int64 *seal_no, cl_value *note)
{
	LogTree    *tree = scan->tree;
	HeapTuple	tuple = store_next(scan->rows);
	bool		isnull;

	if (!tuple)
		return false;
	if (DatumGetInt64(store_get(tree->leaves, tuple, Anum_leaf_leaf_index, &isnull)) != scan->next)
		refuse_damaged(psprintf("leaf " INT64_FORMAT " is missing", scan->next));
	scan->next++;
	*seal_no = DatumGetInt64(store_get(tree->leaves, tuple, Anum_leaf_seal_no, &isnull));
	*note = tree_seal_note(tree, *seal_no);
	return true;
}

void
tree_end_leaves(LeafScan *scan)
{
	store_end(scan->rows);
	pfree(scan);
}

/* ---- tiles ---- */

/* Leaf hashes of a tile that is not complete. */
static void
hash_leaves(LogTree *tree, CachedTile *tile)
{
	int64		index = tile->index * CL_TILE_WIDTH;
	LeafScan   *scan = tree_leaves(tree, index);

	for (int i = 0; i < tile->width; i++)
	{
		int64		seal_no;
		cl_value	note;

		if (!tree_next_leaf(scan, &seal_no, &note))
			refuse_damaged(psprintf("leaf " INT64_FORMAT " is missing", index + i));
		if (cl_merkle_leaf(note.data, note.len, tile->hashes[i]) != CL_OK)
			elog(ERROR, "could not compute a hash");
	}
	tree_end_leaves(scan);
}

static void
refuse_missing_tile(int level, int64 index)
{
	char		path[CL_TILE_PATH_MAX];

	cl_tile_path(level, index, CL_TILE_WIDTH, path);
	refuse_damaged(psprintf("%s is missing or malformed", path));
}

/* From tile `index` of a level on. */
static StoreScan *
scan_tiles(LogTree *tree, int level, int64 index)
{
	ScanKeyData keys[2];

	store_key_int2(&keys[0], Anum_tile_level, level);
	store_key_int8_from(&keys[1], Anum_tile_tile_index, index);
	return store_scan(tree->tiles, "tile_pkey", tree->snapshot, 2, keys);
}

static HeapTuple
next_tile(LogTree *tree, StoreScan *scan, int level, int64 index)
{
	HeapTuple	tuple = store_next(scan);
	bool		isnull;

	if (!tuple ||
		DatumGetInt64(store_get(tree->tiles, tuple, Anum_tile_tile_index, &isnull)) != index)
		refuse_missing_tile(level, index);
	return tuple;
}

/* Roots of tiles, one after another. */
static void
read_roots(LogTree *tree, int level, int64 index, int n, cl_hash *roots)
{
	StoreScan  *scan = scan_tiles(tree, level, index);
	bool		isnull;

	for (int i = 0; i < n; i++)
	{
		HeapTuple	tuple = next_tile(tree, scan, level, index + i);
		Datum		root = store_get(tree->tiles, tuple, Anum_tile_root, &isnull);

		if (!bytes_read_hash(DatumGetByteaPP(root), roots[i]))
			refuse_missing_tile(level, index + i);
	}
	store_end(scan);
}

static void
read_complete_tile(LogTree *tree, int level, CachedTile *tile)
{
	StoreScan  *scan = scan_tiles(tree, level, tile->index);
	HeapTuple	tuple = next_tile(tree, scan, level, tile->index);
	MemoryContext old;
	bool		isnull;
	bytea	   *hashes;

	MemoryContextReset(tree->row);
	old = MemoryContextSwitchTo(tree->row);
	hashes = DatumGetByteaPP(store_get(tree->tiles, tuple, Anum_tile_hashes, &isnull));
	if (VARSIZE_ANY_EXHDR(hashes) != CL_TILE_BYTES)
		refuse_missing_tile(level, tile->index);
	memcpy(tile->hashes, VARDATA_ANY(hashes), CL_TILE_BYTES);
	MemoryContextSwitchTo(old);
	store_end(scan);
}

static void
read_tile(LogTree *tree, int level, CachedTile *tile)
{
	if (tile->width == CL_TILE_WIDTH)
		read_complete_tile(tree, level, tile);
	else if (level == 0)
		hash_leaves(tree, tile);
	else
		read_roots(tree, level - 1, tile->index * CL_TILE_WIDTH, tile->width, tile->hashes);
}

const cl_hash *
tree_tile(LogTree *tree, int level, int64 index, int width)
{
	CachedTile *tile = tree->cached[level];

	if (!tile)
		tile = tree->cached[level] = MemoryContextAllocZero(tree->context, sizeof(CachedTile));
	if (tile->width == 0 || tile->index != index)
	{
		tile->index = index;
		tile->width = cl_tile_width(tree->size, level, index);
		read_tile(tree, level, tile);
	}
	if (tile->width < width)
		elog(ERROR, "tile %d/" INT64_FORMAT " is not %d wide", level, index, width);
	return (const cl_hash *) tile->hashes;
}

/* ---- subtrees ---- */

/* The core's way to the tree: the hash of a complete subtree. */
static int
read_subtree(void *arg, unsigned level, uint64_t index, uint8_t *out)
{
	LogTree    *tree = arg;
	int			tile_level = level / CL_TILE_HEIGHT;
	int			height = level % CL_TILE_HEIGHT;	/* above the tile's own hashes */
	uint64		first = index << height;
	const cl_hash *hashes;

	if (height == 0 && tile_level > 0)
	{
		read_roots(tree, tile_level - 1, index, 1, (cl_hash *) out);
		return CL_OK;
	}
	hashes = tree_tile(tree, tile_level, first / CL_TILE_WIDTH,
					   first % CL_TILE_WIDTH + ((uint64) 1 << height));
	return cl_merkle_root(hashes[first % CL_TILE_WIDTH], (size_t) 1 << height, out);
}

cl_tree
tree_of_size(LogTree *tree, int64 size)
{
	Assert(size >= 0 && size <= tree->size);
	return (cl_tree) {size, read_subtree, tree};
}

void
tree_root(LogTree *tree, int64 size, uint8 *root)
{
	cl_tree		core = tree_of_size(tree, size);

	if (cl_tree_root(&core, root) != CL_OK)
		elog(ERROR, "could not compute a hash");
}
