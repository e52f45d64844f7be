/*
 * use_proof.c
 *		The proof that a closed run used one subject's rows, or none of them.
 */
#include "core/use_proof.h"

#include "core/encode.h"
#include "core/json.h"
#include "core/sealed_event.h"
#include "core/merkle.h"

#define VERSION "consent_ledger/use_proof/v1"

/* Members in canonical order. */
enum
{
	M_CLOSED,
	M_EVENT,
	M_KEY,
	M_OPENED,
	M_ORIGIN,
	M_PATH,
	M_ROWS,
	M_RUN,
	M_SALT,
	M_SUBJECT_NO,
	M_TERMINAL,
	M_VERSION,
	MEMBERS
};

static const char *const names[MEMBERS] = {
	"closed", "event", "key", "opened", "origin", "path", "rows", "run", "salt",
	"subject_no", "terminal", "v"
};

/* ---- writing ---- */

static void
put_name(cl_buffer *b, int m)
{
	cl_put_string(b, b->len > 1 ? ",\"" : "\"");
	cl_put_string(b, names[m]);
	cl_put_string(b, "\":");
}

/* A member of any text; nothing where it is absent. */
static bool
put_text(cl_buffer *b, int m, cl_value text)
{
	if (text.data == NULL)
		return true;
	put_name(b, m);
	return cl_json_put_string(b, text.data, text.len);
}

static void
put_number(cl_buffer *b, int m, int64_t number)
{
	put_name(b, m);
	cl_put_char(b, '"');
	cl_put_number(b, (uint64_t) number);
	cl_put_char(b, '"');
}

static void
put_path(cl_buffer *b, const cl_prefix_proof *tree)
{
	put_name(b, M_PATH);
	cl_put_char(b, '"');
	cl_put_hashes(b, tree->path, tree->depth);
	cl_put_char(b, '"');
}

static void
put_terminal(cl_buffer *b, const cl_prefix_proof *tree)
{
	put_name(b, M_TERMINAL);
	cl_put_char(b, '"');
	cl_prefix_put_end(b, tree);
	cl_put_char(b, '"');
}

static void
put_rows(cl_buffer *b, cl_value rows)
{
	put_name(b, M_ROWS);
	cl_put_char(b, '"');
	cl_put_base64(b, rows.data, rows.len);
	cl_put_char(b, '"');
}

size_t
cl_use_proof_write(const cl_use_proof *proof, char *out, size_t cap)
{
	cl_buffer	b = {out, cap, 0};
	char		salt[CL_HEX_SIZE(CL_SALT_BYTES)];

	cl_hex_encode(proof->salt, CL_SALT_BYTES, salt);
	cl_put_char(&b, '{');
	if (!put_text(&b, M_CLOSED, proof->closed) || !put_text(&b, M_EVENT, proof->event) ||
		!put_text(&b, M_KEY, proof->key) || !put_text(&b, M_OPENED, proof->opened) ||
		!put_text(&b, M_ORIGIN, proof->origin))
		return 0;
	put_path(&b, &proof->tree);
	if (proof->rows.data != NULL)
		put_rows(&b, proof->rows);
	put_number(&b, M_RUN, proof->run);
	put_text(&b, M_SALT, cl_string(salt));
	put_number(&b, M_SUBJECT_NO, proof->subject_no);
	if (proof->rows.data == NULL)
		put_terminal(&b, &proof->tree);
	put_text(&b, M_VERSION, cl_string(VERSION));
	cl_put_char(&b, '}');
	return b.len;
}

/* ---- reading ---- */

/* Read the members; false if one is unknown or missing. */
static bool
read_members(const char *text, size_t len, char *scratch, cl_value values[MEMBERS])
{
	if (!cl_json_read_known(text, len, names, MEMBERS, values, scratch))
		return false;
	for (int m = 0; m < MEMBERS; m++)
		if (values[m].data == NULL && m != M_EVENT && m != M_ROWS && m != M_TERMINAL)
			return false;
	return cl_value_equal(values[M_VERSION], cl_string(VERSION)) &&
		(values[M_ROWS].data == NULL) != (values[M_TERMINAL].data == NULL);
}

/* Decode the list in its place in the scratch. */
static bool
read_rows(cl_value text, char *scratch, cl_use_proof *proof)
{
	char	   *to = scratch + (text.data - scratch);
	long		len = cl_base64_decode(text.data, text.len, to, text.len);

	proof->tree.end = CL_PREFIX_HERE;
	proof->rows = (cl_value) {to, (size_t) len};
	return len > 0;
}

bool
cl_use_proof_read(const char *text, size_t len, cl_use_proof *proof, char *scratch)
{
	cl_value	values[MEMBERS];
	int			depth;

	memset(proof, 0, sizeof(*proof));
	if (!read_members(text, len, scratch, values))
		return false;
	proof->origin = values[M_ORIGIN];
	proof->key = values[M_KEY];
	proof->opened = values[M_OPENED];
	proof->closed = values[M_CLOSED];
	proof->event = values[M_EVENT];
	depth = cl_read_hashes(values[M_PATH], proof->tree.path, CL_PREFIX_BITS);
	if (depth < 0 || !cl_read_integer(values[M_RUN], &proof->run) || proof->run == 0 ||
		!cl_read_integer(values[M_SUBJECT_NO], &proof->subject_no) || proof->subject_no == 0 ||
		!cl_hex_decode(values[M_SALT].data, values[M_SALT].len, proof->salt, CL_SALT_BYTES))
		return false;
	proof->tree.depth = (unsigned) depth;
	return values[M_ROWS].data != NULL ? read_rows(values[M_ROWS], scratch, proof) :
		cl_prefix_read_end(values[M_TERMINAL], &proof->tree);
}

/* ---- checking ---- */

/* Do the number, key and salt of the proof open the commitment of her event? */
static bool
opens_commitment(const cl_use_proof *proof, const cl_sealed_event *event)
{
	cl_seal		seal = {.origin = proof->origin.data, .origin_len = proof->origin.len};

	return event->subject_no == proof->subject_no &&
		cl_opens_subject(event, &seal, proof->salt, proof->key);
}

/* Is her event hers?  And does it fix her salt before the run was closed? */
static unsigned
check_event(const cl_use_proof *proof, const cl_use_facts *facts, char *scratch)
{
	cl_sealed_event event = {0};

	if (facts->event.data == NULL)
		return CL_USE_NO_EVENT;
	if (!cl_sealed_event_read(facts->event.data, facts->event.len, scratch, &event) ||
		!opens_commitment(proof, &event))
		return CL_USE_OTHER_SUBJECT;
	if (facts->closed.data == NULL)
		return 0;
	if (!facts->in_log)
		return CL_USE_NOT_IN_LOG;
	return facts->event_index < facts->closed_index ? 0 : CL_USE_EVENT_TOO_LATE;
}

/* Are the events those of the run? */
static unsigned
check_run(const cl_use_proof *proof, const cl_use_facts *facts, cl_use_result *result,
		  char *scratch)
{
	if (facts->opened.data == NULL || facts->opened.len > CL_EVENT_MAX ||
		!cl_run_event_read(facts->opened.data, facts->opened.len, &result->opened, scratch) ||
		result->opened.kind != CL_RUN_OPENED || result->opened.run != proof->run)
		return CL_USE_OTHER_RUN;
	if (facts->closed.data == NULL)
		return CL_USE_NOT_CLOSED;
	if (facts->closed.len > CL_EVENT_MAX ||
		!cl_run_event_read(facts->closed.data, facts->closed.len, &result->closed,
						   scratch + 2 * facts->opened.len) ||
		result->closed.kind != CL_RUN_CLOSED || result->closed.run != proof->run)
		return CL_USE_OTHER_RUN;
	return result->closed.missing > 0 ? CL_USE_MISSING_PARTS : 0;
}

/* Read all of a list. */
static bool
rows_valid(cl_value rows)
{
	cl_rows_reader reader;
	cl_value	table;
	cl_value	key;
	uint8_t		code;
	int			status;

	cl_rows_begin(&reader, rows.data, rows.len);
	do
		status = cl_rows_next(&reader, &table, &code, &key);
	while (status == 1);
	return status == 0;
}

/* Does the way lead to the root, from what the proof says is there? */
static unsigned
check_tree(const cl_use_proof *proof, cl_use_result *result)
{
	cl_prefix_proof tree = proof->tree;
	cl_hash		position;
	cl_hash		nonce;
	cl_prefix_answer answer;

	if (cl_use_place(proof->salt, proof->origin, proof->run, position, nonce) != CL_OK)
		return CL_USE_CRYPTO;
	if (proof->rows.data != NULL)
	{
		if (!rows_valid(proof->rows))
			return CL_USE_BAD_ROWS;
		tree.end = CL_PREFIX_HERE;
		memcpy(tree.leaf.position, position, CL_HASH_BYTES);
		if (cl_rows_hash(nonce, proof->rows.data, proof->rows.len, tree.leaf.value) != CL_OK)
			return CL_USE_CRYPTO;
	}
	answer = cl_prefix_verify(result->closed.tree, position, &tree);
	result->present = answer == CL_PREFIX_PRESENT;
	return answer == CL_PREFIX_REFUSED ? CL_USE_BAD_PATH : 0;
}

/* Reasons to refuse; the others leave it undecided. */
#define REFUSALS (~(unsigned) 0xFF)

void
cl_use_proof_check(const cl_use_proof *proof, const cl_use_facts *facts,
				   cl_use_result *result, char *scratch)
{
	memset(result, 0, sizeof(*result));
	if (!cl_value_equal(proof->origin, facts->origin))
		result->reasons = CL_USE_OTHER_ORIGIN;
	if (result->reasons == 0)
		result->reasons = check_run(proof, facts, result, scratch);
	if (!(result->reasons & (REFUSALS | CL_USE_NOT_CLOSED)))
		result->reasons |= check_tree(proof, result);
	if (!(result->reasons & REFUSALS))
		result->reasons |= check_event(proof, facts, scratch + 4 * CL_EVENT_MAX);
	if (result->reasons & REFUSALS)
	{
		result->reasons &= REFUSALS;
		result->answer = CL_USE_REFUSED;
	}
	else if (result->reasons == 0 ||
			 (result->reasons == CL_USE_MISSING_PARTS && result->present))
		result->answer = result->present ? CL_USE_USED : CL_USE_NOT_USED;
	else
		result->answer = CL_USE_UNDECIDED;
}

const char *
cl_use_reason_text(unsigned reason)
{
	switch (reason)
	{
		case CL_USE_MISSING_PARTS:
			return "transactions began to use data for the run of which no part was sealed";
		case CL_USE_NOT_CLOSED:
			return "it is not proved that the run was closed";
		case CL_USE_NO_EVENT:
			return "no event of hers fixes her salt, so her position in the run could have been chosen";
		case CL_USE_EVENT_TOO_LATE:
			return "her event came into the log after the run was closed, so her position in it could have been chosen";
		case CL_USE_NOT_IN_LOG:
			return "it is not proved that her event came into the log before the run was closed";
		case CL_USE_OTHER_ORIGIN:
			return "the events are of another ledger";
		case CL_USE_OTHER_RUN:
			return "the events are not those of the run";
		case CL_USE_OTHER_SUBJECT:
			return "number, key and salt do not open the commitment of her event";
		case CL_USE_BAD_ROWS:
			return "the rows are not a list of rows";
		case CL_USE_BAD_PATH:
			return "the path does not lead to the tree that the run was closed with";
		case CL_USE_CRYPTO:
			return "libcrypto failed";
		default:
			return "unknown";
	}
}
