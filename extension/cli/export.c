/*
 * export.c
 *		consent-verify export: the log with all its events, and what runs used.
 */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/event_files.h"
#include "cli/explain.h"
#include "cli/people.h"
#include "cli/runs.h"
#include "cli/tree.h"
#include "core/json.h"
#include "core/key_change.h"

/* A key of seals that gave way to another, and the entry that says so. */
typedef struct replaced_key
{
	cl_verifier key;
	uint64_t	entry;
} replaced_key;

typedef struct export_check
{
	tree		t;
	event_files files;
	people		people;
	runs		runs;
	bool		begun;			/* the first event was seen */
	uint64_t	next_entry;		/* that the next events belong to */
	uint64_t	lacking;		/* seals of which events cannot be had */
	replaced_key replaced[SEALS_MAX];
	int			n_replaced;
	char	   *scratch;
	char	   *detail;
} export_check;

static void
check_subject(export_check *x, const cl_sealed_event *event)
{
	if (event->has_commitment && !people_note(&x->people, event->subject_no, event->commitment))
		report_bad("event %lld: subject %lld has another commitment than before: the number was given to somebody else",
				   (long long) event->id, (long long) event->subject_no);
}

/* A log begins with the event that created its ledger. */
static void
check_first(export_check *x, const cl_sealed_event *event)
{
	if (!x->begun && !cl_value_equal(event->values[CL_M_KIND], cl_string("ledger_created")))
		report_bad("the first event of the log is not the one that created the ledger");
	x->begun = true;
}

/* Check one event in its place; false if it is none, so that it has no hash. */
static bool
check_event(export_check *x, const cl_seal *seal, int64_t place, cl_value bytes, cl_sealed_event *event)
{
	int64_t		id = seal->number * CL_SEAL_EVENTS + place;
	uint64_t	found;

	if (!cl_sealed_event_read(bytes.data, bytes.len, x->scratch, event))
	{
		report_bad("what is to be event %lld is not an event", (long long) id);
		return false;
	}
	if (cl_sealed_event_fits(event, seal, &found) == CL_OUTSIDE || found != (uint64_t) place)
		report_bad("what is to be event %lld has id %lld", (long long) id, (long long) event->id);
	else if (event->seal_kind != seal->kind)
		report_bad("event %lld is of a kind that such a seal does not hold: %s in a seal of %s", (long long) id,
				   shown(event->values[CL_M_KIND]), cl_seal_kind_name(seal->kind));
	if (event->recorded_at > seal->time)
		report_bad("event %lld says it was recorded after the time of its seal", (long long) id);
	check_first(x, event);
	check_subject(x, event);
	return true;
}

/* ---- keys ---- */

/* Which trusted key does this change replace?  -1: none of them. */
static int
find_replaced(const options *o, cl_value change)
{
	cl_verifier after;

	for (size_t i = 0; i < o->n_seals; i++)
		if (cl_key_change_open(change.data, change.len, &o->seals[i], &after))
			return (int) i;
	return -1;
}

/* From here on another key seals. */
static void
note_rotation(export_check *x, const log_entry *entry, const cl_sealed_event *event)
{
	static const char *const names[] = {"change", "name", "signs", "vkey"};
	cl_value	detail = event->values[CL_M_DETAIL];
	cl_value	values[4];
	int			which;

	if (!cl_value_equal(event->values[CL_M_KIND], cl_string("key_rotated")) || detail.data == NULL ||
		!cl_json_read_known(detail.data, detail.len, names, 4, values, x->detail) || values[2].data == NULL ||
		!cl_value_equal(values[2], cl_string("seal")))
		return;
	which = values[0].data == NULL ? -1 : find_replaced(x->t.o, values[0]);
	if (which < 0)
		report_bad("event %lld gives the ledger another key for seals, which no trusted key has signed", (long long) event->id);
	else if (x->n_replaced < SEALS_MAX)
		x->replaced[x->n_replaced++] = (replaced_key) {x->t.o->seals[which], entry->index};
}

static void
check_key(const export_check *x, const log_entry *entry)
{
	for (int i = 0; i < x->n_replaced; i++)
		if (cl_note_verify(entry->data.data, entry->data.len, &x->replaced[i].key))
			report_bad("entry %llu is sealed by a key that entry %llu had replaced",
					   (unsigned long long) entry->index, (unsigned long long) x->replaced[i].entry);
}

/* The events of a seal, which has them in this order. */
static void
check_seal(void *arg, const log_entry *entry, const cl_seal *seal)
{
	export_check *x = arg;
	cl_growing	growing;
	cl_hash		root;
	cl_value	bytes;
	cl_sealed_event event;
	bool		whole = true;

	/* How many events an entry has that is no seal, nobody knows. */
	if (entry->index != x->next_entry++)
		x->files.failed = true;
	check_key(x, entry);
	cl_growing_begin(&growing);
	for (int64_t place = 0; place < seal->count; place++)
	{
		if (!event_files_next(&x->files, &bytes))
		{
			x->lacking++;
			return;
		}
		if (!check_event(x, seal, place, bytes, &event) || cl_growing_add(&growing, event.leaf) != CL_OK)
			whole = false;
		else if (seal->kind == CL_SEAL_RUN)
			runs_event(&x->runs, bytes);
		else if (seal->kind == CL_SEAL_DECLARATIONS)
			note_rotation(x, entry, &event);
	}
	if (whole && (cl_growing_root(&growing, root) != CL_OK || memcmp(root, seal->root, CL_HASH_BYTES) != 0))
		report_bad("entry %llu: the events of seal %lld are not those that it sealed", (unsigned long long) entry->index,
				   (long long) seal->number);
}

/* ---- what it proves ---- */

static void
explain(const options *o, const export_check *x)
{
	report_verdict("GOOD", "the log %s is whole up to its head of %s, with all its events and what its runs used",
				   shown(x->t.dir.head.checkpoint.origin),
				   counted(x->t.dir.head.checkpoint.size, "entry", "entries"));
	report_heading("Proved");
	explain_tree(&x->t);
	report_sentence("Each of the %s is as it was sealed, in its place; %s have one commitment each.",
					counted(x->t.events, "event", "events"), counted(x->people.n, "subject", "subjects"));
	report_sentence("There are %s: %zu closed with all their parts and with %s as sealed, part by part and as a whole, "
					"and %zu still open.", counted(x->runs.n, "run", "runs"), x->runs.closed,
					counted(x->runs.uses, "use", "uses"), x->runs.n - x->runs.closed);
	report_heading("Not proved");
	explain_limit(LIMIT_RECORDED);
	explain_limit(LIMIT_STATEMENTS);
	explain_limit(LIMIT_DECLARED);
	report_sentence("Who the subjects are, and the trees by which a run proves to one of them what it used of hers: "
					"both need salts that an export does not have.");
	explain_unwitnessed(o);
}

void
command_export(const options *o)
{
	export_check *x = allocate(sizeof(export_check));
	bool		good;

	memset(x, 0, sizeof(*x));
	x->scratch = allocate(CL_EVENT_MAX);
	x->detail = allocate(CL_EVENT_MAX);
	event_files_begin(&x->files, &x->t.dir);
	runs_begin(&x->runs, &x->t.dir);
	good = tree_check(&x->t, o, o->arguments[0], check_seal, x);
	if (x->lacking > 0)
		report_unchecked("the events of %s could not be checked", counted(x->lacking, "seal", "seals"));
	if (good)
		explain(o, x);
	event_files_end(&x->files);
	runs_end(&x->runs);
	people_free(&x->people);
	tree_close(&x->t);
	free(x->scratch);
	free(x->detail);
	free(x);
}
