/*
 * proof.c
 *		The proof that a seal is in the log, for people outside.
 *
 * Early cosignatures bound the time of an event best, and many of them satisfy
 * more policies.  So the first checkpoints after the seal that anybody has
 * cosigned are compared, few enough that it costs nothing.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "core/note.h"
#include "core/tlog_proof.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/bounds.h"
#include "log/checkpoints.h"
#include "log/proof.h"
#include "log/tree.h"

#define HEADS_COMPARED 16

/* The leaf of a seal, or -1. */
static int64
find_leaf(int64 seal_no)
{
	Store	   *store = store_open("leaf", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		isnull;
	int64		index = -1;

	store_key_int8(&key, Anum_leaf_seal_no, seal_no);
	scan = store_scan(store, "leaf_seal", GetActiveSnapshot(), 1, &key);
	tuple = store_next(scan);
	if (tuple)
		index = DatumGetInt64(store_get(store, tuple, Anum_leaf_leaf_index, &isnull));
	store_end(scan);
	store_close(store);
	return index;
}

/* ---- cosignatures ---- */

/* What witnesses said of a checkpoint: each of them once. */
typedef struct Cosigned
{
	int64		size;
	List	   *names;
	StringInfoData lines;
} Cosigned;

static bool
is_named(const List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

static void
begin_cosigned(Cosigned *cosigned, int64 size)
{
	cosigned->size = size;
	cosigned->names = NIL;
	initStringInfo(&cosigned->lines);
}

/* Add a row; that of a witness who has one already, and tokens, are passed over. */
static void
add_cosignature(Cosigned *cosigned, Store *store, HeapTuple tuple)
{
	bool		isnull;
	char	   *name = TextDatumGetCString(store_get(store, tuple, Anum_cosignature_name, &isnull));
	bytea	   *line;

	if (strcmp(TextDatumGetCString(store_get(store, tuple, Anum_cosignature_kind, &isnull)), BOUND_COSIGNATURE) != 0 ||
		is_named(cosigned->names, name) || list_length(cosigned->names) == CL_NOTE_SIGNATURES_MAX - 1)
		return;
	line = DatumGetByteaPP(store_get(store, tuple, Anum_cosignature_evidence, &isnull));
	cosigned->names = lappend(cosigned->names, name);
	appendBinaryStringInfo(&cosigned->lines, VARDATA_ANY(line), VARSIZE_ANY_EXHDR(line));
}

/*
 * Find the first checkpoint of at least so many leaves that most witnesses have
 * cosigned; false if none has been.
 */
static bool
find_cosigned(int64 least, Cosigned *best)
{
	Store	   *store = store_open("cosignature", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		isnull;
	Cosigned	next;
	int			compared = 0;

	begin_cosigned(best, 0);
	begin_cosigned(&next, 0);
	store_key_int8_from(&key, Anum_cosignature_size, least);
	scan = store_scan(store, "cosignature_size", GetActiveSnapshot(), 1, &key);
	while ((tuple = store_next(scan)) != NULL)
	{
		int64		size = DatumGetInt64(store_get(store, tuple, Anum_cosignature_size, &isnull));

		if (size != next.size)
		{
			if (list_length(next.names) > list_length(best->names))
				*best = next;
			if (compared++ == HEADS_COMPARED)
				break;
			begin_cosigned(&next, size);
		}
		add_cosignature(&next, store, tuple);
	}
	if (list_length(next.names) > list_length(best->names))
		*best = next;
	store_end(scan);
	store_close(store);
	return best->names != NIL;
}

/* ---- proofs ---- */

/* The note of the checkpoint to prove a leaf under, and its size; NULL if there is none. */
static char *
choose_checkpoint(int64 leaf, int64 *size)
{
	Cosigned	cosigned;
	char	   *note;

	if (find_cosigned(leaf + 1, &cosigned) &&
		(note = checkpoint_note(cosigned.size, size)) != NULL)
		return psprintf("%s%s", note, cosigned.lines.data);
	note = checkpoint_note(0, size);
	return note && *size > leaf ? note : NULL;
}

static char *
make_proof(int64 leaf, int64 size, const char *note)
{
	LogTree    *stored = tree_open(GetActiveSnapshot());
	cl_tree		tree = tree_of_size(stored, size);
	cl_tlog_proof proof = {.index = leaf, .checkpoint = cl_string(note)};
	int			n = cl_inclusion_path(&tree, leaf, proof.path);
	size_t		room = CL_TLOG_PROOF_SIZE(CL_INCLUSION_MAX, strlen(note));
	char	   *text = palloc(room);

	proof.path_len = Max(n, 0);
	if (n < 0 || cl_tlog_proof_format(&proof, text, room) == 0)
		elog(ERROR, "could not make a proof");
	tree_close(stored);
	return text;
}

char *
proof_of_seal(int64 seal_no)
{
	int64		leaf = find_leaf(seal_no);
	int64		size;
	char	   *note = leaf < 0 ? NULL : choose_checkpoint(leaf, &size);

	return note ? make_proof(leaf, size, note) : NULL;
}
