/*
 * never_used.c
 *		The proof that no run up to a checkpoint used a subject's rows.
 */
#include "core/never_used.h"

#include <stdlib.h>

#include "core/json.h"
#include "core/merkle.h"
#include "core/sealed_event.h"

#define LINE_MAX (2 * CL_EVENT_MAX + 128)	/* of an event, all of it escaped, or a way */

/* Members of each kind of line, in canonical order. */
enum
{
	H_CHECKPOINT,
	H_EVENT,
	H_KEY,
	H_ORIGIN,
	H_SALT,
	H_SUBJECT_NO,
	H_VERSION,
	H_MEMBERS
};

static const char *const head_names[H_MEMBERS] = {
	"checkpoint", "event", "key", "origin", "salt", "subject_no", "v"
};

enum
{
	E_EVENT,
	E_INDEX,
	E_MEMBERS
};

static const char *const event_names[E_MEMBERS] = {"event", "index"};

enum
{
	W_PATH,
	W_RUN,
	W_TERMINAL,
	W_MEMBERS
};

static const char *const way_names[W_MEMBERS] = {"path", "run", "terminal"};

/* Indexed by cl_never_status. */
static const char *const messages[] = {
	"everything in the proof holds",
	"a line of the proof is malformed",
	"an entry of the log is not a seal of this ledger",
	"the proof does not hold all events of a run's seal in the log, as they were sealed",
	"an event in a run's seal is not one of a run",
	"a way does not show that the subject is not in the tree of a run",
	"a run was opened or closed twice, or used without having been opened",
	"a run was closed with other parts than the log has of it",
	"number, key and salt do not open the commitment of the subject's event",
	"the proof goes on where the log ends",
	"the log has not as many entries as the checkpoint of the proof",
	"there are more events of runs than there is room for",
	"libcrypto failed"
};

const char *
cl_never_message(cl_never_status status)
{
	return messages[status];
}

/* ---- writing ---- */

/* Write the members that are there, and a newline. */
static size_t
put_line(const char *const *names, const cl_value *values, int n, char *out, size_t cap)
{
	cl_json_member members[H_MEMBERS];
	size_t		len;

	for (int i = 0; i < n; i++)
		members[i] = (cl_json_member) {names[i], strlen(names[i]), values[i].data, values[i].len};
	len = cl_json_write(members, n, out, cap);
	if (len > 0 && len < cap)
		out[len] = '\n';
	return len > 0 ? len + 1 : 0;
}

/* A number as text, in the digits given. */
static cl_value
number_text(int64_t number, char digits[20])
{
	cl_buffer	b = {digits, 20, 0};

	cl_put_number(&b, (uint64_t) number);
	return (cl_value) {digits, b.len};
}

size_t
cl_never_put_head(const cl_never_head *head, char *out, size_t cap)
{
	char		salt[CL_HEX_SIZE(CL_SALT_BYTES)];
	char		digits[20];
	cl_value	values[H_MEMBERS];

	cl_hex_encode(head->salt, CL_SALT_BYTES, salt);
	values[H_CHECKPOINT] = head->checkpoint;
	values[H_EVENT] = head->event;
	values[H_KEY] = head->key;
	values[H_ORIGIN] = head->origin;
	values[H_SALT] = cl_string(salt);
	values[H_SUBJECT_NO] = number_text(head->subject_no, digits);
	values[H_VERSION] = cl_string(CL_NEVER_USED_VERSION);
	return put_line(head_names, values, H_MEMBERS, out, cap);
}

size_t
cl_never_put_event(int64_t index, cl_value event, char *out, size_t cap)
{
	char		digits[20];
	cl_value	values[E_MEMBERS];

	values[E_EVENT] = event;
	values[E_INDEX] = number_text(index, digits);
	return put_line(event_names, values, E_MEMBERS, out, cap);
}

size_t
cl_never_put_way(int64_t run, const cl_prefix_proof *way, char *out, size_t cap)
{
	char		path[CL_PREFIX_BITS * CL_BASE64_SIZE(CL_HASH_BYTES)];
	char		end[2 * CL_BASE64_SIZE(CL_HASH_BYTES)];
	cl_buffer	path_text = {path, sizeof(path), 0};
	cl_buffer	end_text = {end, sizeof(end), 0};
	char		digits[20];
	cl_value	values[W_MEMBERS];

	cl_put_hashes(&path_text, way->path, way->depth);
	cl_prefix_put_end(&end_text, way);
	values[W_PATH] = (cl_value) {path, path_text.len};
	values[W_RUN] = number_text(run, digits);
	values[W_TERMINAL] = (cl_value) {end, end_text.len};
	return put_line(way_names, values, W_MEMBERS, out, cap);
}

/* ---- lines ---- */

/* Once something does not hold, that stands. */
static bool
fail(cl_never_check *check, cl_never_status status)
{
	check->status = status;
	return false;
}

/* Take a line and read its members, which may be these. */
static bool
take_line(cl_scanner *in, size_t max, const char *const *names, int n, cl_value *values,
		  char *scratch)
{
	cl_value	line;

	return cl_take_until(in, '\n', &line) && line.len <= max &&
		cl_json_read_known(line.data, line.len, names, n, values, scratch);
}

static bool
read_head(cl_never_check *check, char *scratch)
{
	cl_never_head *head = &check->head;
	cl_value	values[H_MEMBERS];

	if (!take_line(&check->in, SIZE_MAX, head_names, H_MEMBERS, values, scratch) ||
		values[H_CHECKPOINT].data == NULL || values[H_KEY].data == NULL ||
		values[H_ORIGIN].data == NULL || values[H_SALT].data == NULL ||
		values[H_VERSION].data == NULL ||
		!cl_value_equal(values[H_VERSION], cl_string(CL_NEVER_USED_VERSION)))
		return false;
	head->checkpoint = values[H_CHECKPOINT];
	head->event = values[H_EVENT];
	head->key = values[H_KEY];
	head->origin = values[H_ORIGIN];
	return cl_read_integer(values[H_SUBJECT_NO], &head->subject_no) && head->subject_no > 0 &&
		cl_hex_decode(values[H_SALT].data, values[H_SALT].len, head->salt, CL_SALT_BYTES);
}

/* Read an event of the seal at an index. */
static bool
take_event(cl_never_check *check, cl_value *bytes)
{
	cl_value	values[E_MEMBERS];
	int64_t		index;

	if (!take_line(&check->in, LINE_MAX, event_names, E_MEMBERS, values, check->scratch) ||
		values[E_EVENT].data == NULL || values[E_EVENT].len > CL_EVENT_MAX ||
		!cl_read_integer(values[E_INDEX], &index) || index != check->next)
		return false;
	*bytes = values[E_EVENT];
	return true;
}

static bool
take_way(cl_never_check *check, int64_t run, cl_prefix_proof *way)
{
	cl_value	values[W_MEMBERS];
	int64_t		number;
	int			depth;

	if (!take_line(&check->in, LINE_MAX, way_names, W_MEMBERS, values, check->scratch) ||
		values[W_PATH].data == NULL || values[W_TERMINAL].data == NULL ||
		!cl_read_integer(values[W_RUN], &number) || number != run)
		return false;
	depth = cl_read_hashes(values[W_PATH], way->path, CL_PREFIX_BITS);
	way->depth = depth < 0 ? 0 : (unsigned) depth;
	return depth >= 0 && cl_prefix_read_end(values[W_TERMINAL], way);
}

/* ---- beginning ---- */

size_t
cl_never_scratch(size_t len)
{
	/* The head and the receipt in it; then a line, and its event twice. */
	return 2 * len + LINE_MAX + 3 * CL_EVENT_MAX;
}

size_t
cl_never_runs_max(const char *text, size_t len)
{
	size_t		lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines;
}

bool
cl_never_begin(cl_never_check *check, const char *text, size_t len,
			   cl_never_run *runs, size_t cap, char *scratch)
{
	memset(check, 0, sizeof(*check));
	check->in = (cl_scanner) {text, len, 0};
	check->event_index = -1;
	check->runs = runs;
	check->cap = cap;
	check->scratch = scratch + 2 * len;
	if (!read_head(check, scratch))
		return fail(check, CL_NEVER_MALFORMED);
	if (check->head.event.data != NULL &&
		!cl_receipt_parse(check->head.event.data, check->head.event.len, &check->receipt, scratch + len))
		return fail(check, CL_NEVER_MALFORMED);
	return true;
}

/* ---- entries ---- */

/* Is this the seal of her event?  Then it must be in there, and hers. */
static bool
meet_event(cl_never_check *check, const cl_seal *seal, cl_value note)
{
	const cl_receipt *receipt = &check->receipt;
	const cl_never_head *head = &check->head;
	cl_sealed_event event = {0};
	uint64_t	place;

	if (head->event.data == NULL || check->event_index >= 0 || !cl_value_equal(note, receipt->seal))
		return true;
	if (receipt->event.len > CL_EVENT_MAX ||
		!cl_sealed_event_read(receipt->event.data, receipt->event.len, check->scratch, &event) ||
		cl_sealed_event_fits(&event, seal, &place) != CL_FITS ||
		!cl_verify_inclusion(seal->root, (uint64_t) seal->count, place, event.leaf,
							 receipt->path, receipt->path_len) ||
		event.subject_no != head->subject_no ||
		!cl_opens_subject(&event, seal, head->salt, head->key))
		return fail(check, CL_NEVER_OTHER_SUBJECT);
	check->event_index = check->next;
	return true;
}

/* Keep what an event says of its run. */
static bool
keep_event(cl_never_check *check, const cl_run_event *event, cl_value line)
{
	cl_never_run *run = &check->runs[check->nruns];

	if (check->nruns == check->cap)
		return fail(check, CL_NEVER_NO_ROOM);
	check->nruns++;
	*run = (cl_never_run) {
		.run = event->run, .opened_index = check->next, .closed_index = -1,
		.parts = event->parts, .missing = event->missing, .kind = event->kind
	};
	if (event->kind == CL_RUN_OPENED)
		run->opened = line;
	return true;
}

/* The way that follows a closing event shows that she is not in its tree. */
static bool
check_way(cl_never_check *check, const cl_run_event *closed)
{
	cl_prefix_proof way = {0};
	cl_hash		position;
	cl_hash		nonce;

	if (!take_way(check, closed->run, &way))
		return fail(check, CL_NEVER_MALFORMED);
	if (cl_use_place(check->head.salt, check->head.origin, closed->run, position, nonce) != CL_OK)
		return fail(check, CL_NEVER_CRYPTO);
	return cl_prefix_verify(closed->tree, position, &way) == CL_PREFIX_ABSENT ||
		fail(check, CL_NEVER_BAD_WAY);
}

/* One event of a run's seal, whose leaf hash is added. */
static bool
open_event(cl_never_check *check, const cl_seal *seal, int64_t place, cl_growing *root)
{
	size_t		start = check->in.pos;
	cl_value	bytes;
	cl_run_event event;
	cl_hash		leaf;
	cl_value	line;

	if (!take_event(check, &bytes))
		return fail(check, CL_NEVER_NOT_OPENED);
	line = (cl_value) {check->in.data + start, check->in.pos - start};
	if (cl_merkle_leaf(bytes.data, bytes.len, leaf) != CL_OK || cl_growing_add(root, leaf) != CL_OK)
		return fail(check, CL_NEVER_CRYPTO);
	if (!cl_run_event_read(bytes.data, bytes.len, &event, check->scratch + LINE_MAX) ||
		event.event_id != seal->number * CL_SEAL_EVENTS + place)
		return fail(check, CL_NEVER_NO_RUN);
	return keep_event(check, &event, line) &&
		(event.kind != CL_RUN_CLOSED || check_way(check, &event));
}

/* All events of a run's seal: what they hash to is what was sealed. */
static bool
open_seal(cl_never_check *check, const cl_seal *seal)
{
	cl_growing	growing;
	cl_hash		root;

	cl_growing_begin(&growing);
	for (int64_t place = 0; place < seal->count; place++)
		if (!open_event(check, seal, place, &growing))
			return false;
	if (cl_growing_root(&growing, root) != CL_OK)
		return fail(check, CL_NEVER_CRYPTO);
	return memcmp(root, seal->root, CL_HASH_BYTES) == 0 || fail(check, CL_NEVER_NOT_OPENED);
}

bool
cl_never_entry(cl_never_check *check, const char *note, size_t len)
{
	cl_note		parsed;
	cl_seal		seal;

	if (check->status != CL_NEVER_OK)
		return false;
	if (!cl_note_parse(note, len, &parsed) ||
		!cl_seal_parse(parsed.text.data, parsed.text.len, &seal) ||
		!cl_value_equal((cl_value) {seal.origin, seal.origin_len}, check->head.origin))
		return fail(check, CL_NEVER_NO_SEAL);
	if (!meet_event(check, &seal, (cl_value) {note, len}) ||
		(seal.kind == CL_SEAL_RUN && !open_seal(check, &seal)))
		return false;
	check->next++;
	return true;
}

/* ---- the end ---- */

/* By run; the opening first, the closing last. */
static int
compare_events(const void *a, const void *b)
{
	const cl_never_run *x = a;
	const cl_never_run *y = b;

	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

/*
 * Put one more event to those of its run, which come before it.  All parts came
 * into the log before the closing, which knows them all.
 */
static cl_never_status
join_event(cl_never_run *run, const cl_never_run *event, int64_t *last_part)
{
	switch (event->kind)
	{
		case CL_RUN_PART:
			run->parts++;
			if (event->opened_index > *last_part)
				*last_part = event->opened_index;
			return CL_NEVER_OK;
		case CL_RUN_CLOSED:
			if (run->closed_index >= 0)
				return CL_NEVER_TWICE;
			run->closed_index = event->opened_index;
			run->missing = event->missing;
			return run->parts == event->parts && *last_part < run->closed_index ?
				CL_NEVER_OK : CL_NEVER_PARTS;
		default:
			return CL_NEVER_TWICE;
	}
}

/* Put the events of each run together. */
static bool
join_events(cl_never_check *check)
{
	cl_never_run *run = NULL;
	int64_t		last_part = -1;
	size_t		n = 0;

	if (check->nruns > 1)
		qsort(check->runs, check->nruns, sizeof(cl_never_run), compare_events);
	for (size_t i = 0; i < check->nruns && check->status == CL_NEVER_OK; i++)
	{
		const cl_never_run *event = &check->runs[i];

		if (run != NULL && run->run == event->run)
			check->status = join_event(run, event, &last_part);
		else if (event->kind != CL_RUN_OPENED)
			check->status = CL_NEVER_TWICE;
		else
		{
			run = &check->runs[n++];
			*run = *event;
			last_part = -1;
		}
	}
	check->nruns = n;
	return check->status == CL_NEVER_OK;
}

static void
decide(const cl_never_check *check, cl_never_run *run)
{
	if (run->closed_index < 0)
		run->reasons |= CL_USE_NOT_CLOSED;
	if (run->missing > 0)
		run->reasons |= CL_USE_MISSING_PARTS;
	if (check->event_index < 0)
		run->reasons |= CL_USE_NO_EVENT;
	else if (run->closed_index >= 0 && check->event_index > run->closed_index)
		run->reasons |= CL_USE_EVENT_TOO_LATE;
	run->answer = run->reasons == 0 ? CL_USE_NOT_USED : CL_USE_UNDECIDED;
}

bool
cl_never_end(cl_never_check *check, uint64_t size)
{
	if (check->status != CL_NEVER_OK)
		return false;
	if ((uint64_t) check->next != size)
		return fail(check, CL_NEVER_OTHER_SIZE);
	if (!cl_at_end(&check->in))
		return fail(check, CL_NEVER_LEFT_OVER);
	if (!join_events(check))
		return false;
	for (size_t i = 0; i < check->nruns; i++)
		decide(check, &check->runs[i]);
	return true;
}

bool
cl_never_opened(const cl_never_run *run, cl_run_event *event, char *scratch)
{
	cl_scanner	in = {run->opened.data, run->opened.len, 0};
	cl_value	values[E_MEMBERS];

	return take_line(&in, LINE_MAX, event_names, E_MEMBERS, values, scratch) &&
		values[E_EVENT].data != NULL && values[E_EVENT].len <= CL_EVENT_MAX &&
		cl_run_event_read(values[E_EVENT].data, values[E_EVENT].len, event, scratch + LINE_MAX);
}
