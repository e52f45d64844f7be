/*
 * grow.c
 *		Add leaves to the log, and write the tiles that they complete.
 *
 * Rows are only added, never changed: a tile is written when it is complete,
 * and its root is then a hash of the level above.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/bytes.h"
#include "log/grow.h"

/* The right end of a level: the tile that is not complete. */
typedef struct Edge
{
	int64		count;			/* hashes at the level */
	cl_hash		hashes[CL_TILE_WIDTH];
} Edge;

struct Grow
{
	LogTree    *tree;
	int64		size;
	Store	   *leaves;
	Store	   *tiles;
	MemoryContext context;
	MemoryContext row;
	Edge	   *edges[CL_TILE_LEVELS];	/* NULL: not needed so far */
};

Grow *
grow_begin(LogTree *tree)
{
	Grow	   *grow = palloc0(sizeof(Grow));

	grow->tree = tree;
	grow->size = tree_size(tree);
	grow->leaves = store_open("leaf", RowExclusiveLock);
	grow->tiles = store_open("tile", RowExclusiveLock);
	grow->context = CurrentMemoryContext;
	grow->row = AllocSetContextCreate(CurrentMemoryContext, "consent log tile",
									  ALLOCSET_DEFAULT_SIZES);
	return grow;
}

void
grow_end(Grow *grow)
{
	store_flush(grow->leaves);
	store_close(grow->leaves);
	store_close(grow->tiles);
	MemoryContextDelete(grow->row);
}

/* Nothing was added to the level yet, or it would be here. */
static Edge *
edge_of(Grow *grow, int level)
{
	Edge	   *edge = grow->edges[level];
	int			width;

	if (edge)
		return edge;
	edge = grow->edges[level] = MemoryContextAlloc(grow->context, sizeof(Edge));
	edge->count = cl_tile_hashes(tree_size(grow->tree), level);
	width = edge->count % CL_TILE_WIDTH;
	if (width > 0)
		memcpy(edge->hashes, tree_tile(grow->tree, level, edge->count / CL_TILE_WIDTH, width),
			   width * CL_HASH_BYTES);
	return edge;
}

static void
write_tile(Grow *grow, int level, const Edge *edge, const uint8 *root)
{
	MemoryContext old = MemoryContextSwitchTo(grow->row);
	Datum		values[Natts_tile];
	bool		isnull[Natts_tile] = {0};

	values[Anum_tile_level - 1] = Int16GetDatum(level);
	values[Anum_tile_tile_index - 1] = Int64GetDatum(edge->count / CL_TILE_WIDTH - 1);
	values[Anum_tile_root - 1] = bytes_datum(root, CL_HASH_BYTES);
	values[Anum_tile_hashes - 1] = bytes_datum(edge->hashes, CL_TILE_BYTES);
	store_insert(grow->tiles, values, isnull);
	MemoryContextSwitchTo(old);
	MemoryContextReset(grow->row);
}

static void
add_hash(Grow *grow, int level, const uint8 *hash)
{
	Edge	   *edge = edge_of(grow, level);
	cl_hash		root;

	memcpy(edge->hashes[edge->count++ % CL_TILE_WIDTH], hash, CL_HASH_BYTES);
	if (edge->count % CL_TILE_WIDTH != 0)
		return;
	if (cl_merkle_root(edge->hashes[0], CL_TILE_WIDTH, root) != CL_OK)
		elog(ERROR, "could not compute a hash");
	write_tile(grow, level, edge, root);
	add_hash(grow, level + 1, root);
}

void
grow_add(Grow *grow, int64 seal_no, cl_value note)
{
	Datum		values[Natts_leaf];
	bool		isnull[Natts_leaf] = {0};
	cl_hash		hash;

	if (cl_merkle_leaf(note.data, note.len, hash) != CL_OK)
		elog(ERROR, "could not compute a hash");
	values[Anum_leaf_leaf_index - 1] = Int64GetDatum(grow->size++);
	values[Anum_leaf_seal_no - 1] = Int64GetDatum(seal_no);
	store_queue(grow->leaves, values, isnull);
	add_hash(grow, 0, hash);
}
