/*
 * recover.c
 *		How the log goes on after the file outside or a part of the database was
 *		lost: on purpose, and recorded.
 */
#include "postgres.h"

#include <unistd.h>

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "ledger/arguments.h"
#include "ledger/detail.h"
#include "ledger/intake.h"
#include "ledger/keys.h"
#include "ledger/signer.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/outside.h"
#include "log/sequencer.h"

PG_FUNCTION_INFO_V1(consent_adopt_checkpoint);
PG_FUNCTION_INFO_V1(consent_continue_as);

/* A note that somebody gives must be a checkpoint of the log as it is now. */
static void
open_given(const Outside *outside, const char *note, cl_checkpoint *checkpoint)
{
	if (!outside_open(outside, note, checkpoint))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is not a checkpoint of the log \"%s\"", outside->origin),
				 errhint("Give the whole signed note, with the line of its signature.")));
}

static int64
record(const char *kind, cl_json_member *members, int n)
{
	EventInput	event = {.kind = kind};

	event.detail = detail_json(members, n);
	return intake_record(SEAL_DECLARATIONS, &event).event_id;
}

/* ---- adopting ---- */

static void
refuse_what_is_not_here(const cl_checkpoint *checkpoint, LogTree *tree)
{
	cl_hash		root;

	if ((int64) checkpoint->size > tree_size(tree))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the log does not extend this checkpoint"),
				 errdetail("%s", outside_describe_lost((int64) checkpoint->size, tree)),
				 errhint("Restore a newer backup. To go on without what is lost, call consent.continue_as().")));
	tree_root(tree, (int64) checkpoint->size, root);
	if (memcmp(root, checkpoint->root, CL_HASH_BYTES) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the log contradicts this checkpoint"),
				 errdetail("At size " UINT64_FORMAT " the database has another root.", checkpoint->size),
				 errhint("Restore the database in which it was signed; to go on from this one, call consent.continue_as().")));
}

/* What is to be in the file: the note given, or the newest one of the database. */
static char *
choose_adopted(const Outside *outside, LogTree *tree, char *given)
{
	OutsideState state = outside_state(outside, tree);
	char	   *note = given ? given : outside->stored_note;
	cl_checkpoint checkpoint;

	if (state == OUTSIDE_CURRENT && outside->note)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("there is nothing to adopt"),
				 errdetail("File \"%s\" holds the last signed checkpoint.", outside->path)));
	if (state == OUTSIDE_BEYOND || state == OUTSIDE_FORKED)
		outside_refuse(outside, state, tree);
	if (!note)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the log \"%s\" has no checkpoint yet", outside->origin),
				 errhint("CALL consent.checkpoint() signs the first one.")));
	open_given(outside, note, &checkpoint);
	refuse_what_is_not_here(&checkpoint, tree);
	if ((int64) checkpoint.size < outside->stored_size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a later checkpoint was signed"),
				 errdetail("This one is of size " UINT64_FORMAT ", and the database has one of size " INT64_FORMAT ".",
						   checkpoint.size, outside->stored_size)));
	return note;
}

/* SQL: CALL adopt_checkpoint(note). */
Datum
consent_adopt_checkpoint(PG_FUNCTION_ARGS)
{
	char	   *given = argument_text(fcinfo, 0);
	Outside		outside;
	LogTree    *tree;
	int64		last_seal;
	char	   *note;

	sequencer_begin_procedure(fcinfo, "consent.adopt_checkpoint()");
	sequencer_refuse_standby();
	sequencer_next_transaction();
	sequencer_lock(true);
	ledger_lock_declarations();
	store_push_latest_snapshot();
	outside_read(&outside);
	tree = tree_open(GetActiveSnapshot());
	note = choose_adopted(&outside, tree, given);
	last_seal = tree_last_seal(tree);
	tree_close(tree);
	record("checkpoint_adopted", (cl_json_member[]) {DETAIL("checkpoint", note)}, 1);
	store_pop_snapshot();
	ForceSyncCommit();
	sequencer_next_transaction();
	outside_write(&outside, note, last_seal);
	sequencer_unlock();
	SPI_finish();
	PG_RETURN_VOID();
}

/* ---- continuing ---- */

/* The last head of the log that cannot go on. */
static char *
choose_last_head(const Outside *outside, LogTree *tree, char *given)
{
	char	   *note = given ? given : outside->note;
	cl_checkpoint checkpoint;
	cl_hash		root;

	if (!note)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the last head of the log \"%s\" is not known", outside->origin),
				 errdetail("There is no file \"%s\".", outside->path),
				 errhint("Give the newest checkpoint that a witness, or a copy of the log, has.")));
	open_given(outside, note, &checkpoint);
	if (checkpoint.size < outside->checkpoint.size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a later checkpoint was signed"),
				 errdetail("This one is of size " UINT64_FORMAT ", that in \"%s\" of size " UINT64_FORMAT ".",
						   checkpoint.size, outside->path, outside->checkpoint.size)));
	if ((int64) checkpoint.size > tree_size(tree))
		return note;
	tree_root(tree, (int64) checkpoint.size, root);
	if (memcmp(root, checkpoint.root, CL_HASH_BYTES) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("nothing is lost: the log extends the checkpoint of size " UINT64_FORMAT, checkpoint.size),
				 errhint("CALL consent.checkpoint() goes on.")));
	return note;
}

/* 1, or the n of a log that is called <origin>/<n>. */
static int
log_number(const char *log_origin, const char *origin)
{
	return strcmp(log_origin, origin) == 0 ? 1 : atoi(log_origin + strlen(origin) + 1);
}

/* A log whose last head is already outside was begun once before. */
static bool
was_used(const Declared *d, const char *log_origin)
{
	return access(signer_checkpoint_path(d, log_origin), F_OK) == 0;
}

/* The origin under which the log goes on: the one given, or the next. */
static char *
choose_origin(const Declared *d, char *given)
{
	int			number = log_number(d->log_origin, d->origin);
	char	   *next;

	do
	{
		next = psprintf("%s/%d", d->origin, ++number);
	} while (was_used(d, next));
	if (!given)
		given = next;
	if (!cl_origin_valid(given, strlen(given)) || !cl_log_is_of(cl_string(given), cl_string(d->origin)) ||
		log_number(given, d->origin) <= log_number(d->log_origin, d->origin) || was_used(d, given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the log cannot go on as \"%s\"", given),
				 errdetail("It is called by the ledger's origin, a slash and a number that was not used before, of at most %d bytes.",
						   CL_ORIGIN_MAX),
				 errhint("Use \"%s\".", next)));
	return given;
}

/* SQL: continue_as(new_origin, last_head). */
Datum
consent_continue_as(PG_FUNCTION_ARGS)
{
	char	   *origin = argument_text(fcinfo, 0);
	char	   *last_head = argument_text(fcinfo, 1);
	const Declared *d;
	Outside		outside;
	LogTree    *tree;
	char	   *vkey;
	int64		event_id;

	sequencer_refuse_standby();
	sequencer_lock(false);
	d = ledger_lock_declarations();
	store_push_latest_snapshot();
	outside_read(&outside);
	tree = tree_open(GetActiveSnapshot());
	last_head = choose_last_head(&outside, tree, last_head);
	if (outside.stored_size > tree_size(tree))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the database has a checkpoint of size " INT64_FORMAT ", but " INT64_FORMAT " leaves",
						outside.stored_size, tree_size(tree)),
				 errhint("SELECT * FROM consent.verify() tells what was changed.")));
	origin = choose_origin(d, origin);
	vkey = signer_create_log_key(d, origin);
	event_id = record("log_continued", (cl_json_member[])
	{
		DETAIL("origin", origin),
			DETAIL("key_checkpoint", vkey),
			DETAIL("last_head", last_head),
			DETAIL("size", psprintf(INT64_FORMAT, tree_size(tree)))
	}, 4);
	key_insert(KEY_CHECKPOINT, origin, vkey, event_id);
	tree_close(tree);
	store_pop_snapshot();
	store_push_latest_snapshot();
	ledger_declared(event_id);
	store_pop_snapshot();
	PG_RETURN_TEXT_P(cstring_to_text(vkey));
}
