/*
 * seal.c
 *		What a seal says: the text that the seal key signs.
 */
#include "core/seal.h"

#include "core/buffer.h"

#define FIRST_LINE "consent_ledger/seal/v1\n"

/* Indexed by cl_seal_kind. */
static const char *const kind_names[CL_SEAL_KINDS] = {"choices", "declarations", "run"};

const char *
cl_seal_kind_name(cl_seal_kind kind)
{
	return kind_names[kind];
}

static bool
begins_with(const char *s, size_t len, const char *prefix)
{
	return len >= strlen(prefix) && memcmp(s, prefix, strlen(prefix)) == 0;
}

bool
cl_origin_valid(const char *origin, size_t len)
{
	return len <= CL_ORIGIN_MAX && cl_key_name_valid(origin, len) &&
		!begins_with(origin, len, "consent_ledger/") &&
		!begins_with(origin, len, "cosignature/");
}

/* The lines up to the time. */
static void
put_events(cl_buffer *b, const cl_seal *seal)
{
	cl_put_string(b, FIRST_LINE "origin ");
	cl_put(b, seal->origin, seal->origin_len);
	cl_put_string(b, "\nkind ");
	cl_put_string(b, kind_names[seal->kind]);
	cl_put_string(b, "\nseal ");
	cl_put_number(b, (uint64_t) seal->number);
	cl_put_string(b, "\ncount ");
	cl_put_number(b, (uint64_t) seal->count);
	cl_put_string(b, "\nroot ");
	cl_put_base64(b, seal->root, CL_HASH_BYTES);
	cl_put_string(b, "\ntime ");
	cl_put_instant(b, seal->time);
	cl_put_char(b, '\n');
}

size_t
cl_seal_format(const cl_seal *seal, char *out, size_t cap)
{
	cl_buffer	b = {out, cap, 0};

	put_events(&b, seal);
	cl_put_string(&b, "checkpoint ");
	cl_put_number(&b, (uint64_t) seal->checkpoint_size);
	cl_put_char(&b, ' ');
	cl_put_base64(&b, seal->checkpoint_root, CL_HASH_BYTES);
	cl_put_string(&b, "\nbound ");
	if (seal->has_bound)
		cl_put_base64(&b, seal->bound, CL_HASH_BYTES);
	else
		cl_put_string(&b, "none");
	cl_put(&b, "\n", 2);			/* and the NUL */
	return b.len <= cap ? b.len - 1 : 0;
}

/* Read a kind and the end of its line. */
static bool
take_kind(cl_scanner *in, cl_seal_kind *kind)
{
	cl_value	word;

	if (!cl_take_until(in, '\n', &word))
		return false;
	for (int i = 0; i < CL_SEAL_KINDS; i++)
		if (cl_value_equal(word, cl_string(kind_names[i])))
		{
			*kind = (cl_seal_kind) i;
			return true;
		}
	return false;
}

static bool
take_origin(cl_scanner *in, cl_seal *seal)
{
	cl_value	origin;

	if (!cl_take_until(in, '\n', &origin))
		return false;
	seal->origin = origin.data;
	seal->origin_len = origin.len;
	return cl_origin_valid(origin.data, origin.len);
}

static bool
take_number(cl_scanner *in, int64_t max, int64_t *n)
{
	uint64_t	number;

	if (!cl_take_number(in, (uint64_t) max, &number))
		return false;
	*n = (int64_t) number;
	return true;
}

/* Read a number from 1 to max and the end of its line. */
static bool
take_positive(cl_scanner *in, int64_t max, int64_t *n)
{
	return take_number(in, max, n) && *n > 0 && cl_take(in, "\n");
}

/* Read size and root; the empty tree has only one. */
static bool
take_checkpoint(cl_scanner *in, cl_seal *seal)
{
	cl_hash		empty;

	if (!take_number(in, INT64_MAX, &seal->checkpoint_size) || !cl_take(in, " ") ||
		!cl_take_base64(in, '\n', seal->checkpoint_root, CL_HASH_BYTES))
		return false;
	return seal->checkpoint_size > 0 ||
		(cl_sha256(NULL, 0, empty) == CL_OK &&
		 memcmp(empty, seal->checkpoint_root, CL_HASH_BYTES) == 0);
}

static bool
take_bound(cl_scanner *in, cl_seal *seal)
{
	seal->has_bound = !cl_take(in, "none\n");
	return !seal->has_bound || cl_take_base64(in, '\n', seal->bound, CL_HASH_BYTES);
}

bool
cl_seal_parse(const char *text, size_t len, cl_seal *seal)
{
	cl_scanner	in = {text, len, 0};

	memset(seal, 0, sizeof(*seal));
	return cl_take(&in, FIRST_LINE "origin ") && take_origin(&in, seal) &&
		cl_take(&in, "kind ") && take_kind(&in, &seal->kind) &&
		cl_take(&in, "seal ") && take_positive(&in, CL_SEAL_NUMBER_MAX, &seal->number) &&
		cl_take(&in, "count ") && take_positive(&in, CL_SEAL_EVENTS, &seal->count) &&
		cl_take(&in, "root ") && cl_take_base64(&in, '\n', seal->root, CL_HASH_BYTES) &&
		cl_take(&in, "time ") && cl_take_instant(&in, '\n', &seal->time) &&
		cl_take(&in, "checkpoint ") && take_checkpoint(&in, seal) &&
		cl_take(&in, "bound ") && take_bound(&in, seal) && cl_at_end(&in);
}

cl_note_status
cl_seal_key_check(const cl_note *note, cl_value origin, const cl_verifier *keys, size_t n)
{
	char		name[CL_KEY_NAME_MAX];
	cl_buffer	b = {name, sizeof(name), 0};
	bool		known;
	const cl_verifier *signer;

	cl_put_value(&b, origin);
	cl_put_string(&b, "/seal");
	if (b.len > b.cap)
		return CL_NOTE_UNSIGNED;
	return cl_note_check_name(note, (cl_value) {name, b.len}, keys, n, &known, &signer);
}

cl_seal_status
cl_seal_open(const char *note, size_t len, const cl_verifier *keys, size_t n, cl_seal *seal)
{
	cl_note		parsed;

	if (!cl_note_parse(note, len, &parsed) ||
		!cl_seal_parse(parsed.text.data, parsed.text.len, seal))
		return CL_SEAL_MALFORMED;
	switch (cl_seal_key_check(&parsed, (cl_value) {seal->origin, seal->origin_len}, keys, n))
	{
		case CL_NOTE_OK:
			return CL_SEAL_OK;
		case CL_NOTE_UNSIGNED:
			return CL_SEAL_STRANGER;
		case CL_NOTE_FORGED:
			break;
	}
	return CL_SEAL_FORGED;
}
