/*
 * key_change.c
 *		One key of a ledger takes the place of another: the note that both sign.
 */
#include "core/key_change.h"

#define FIRST_LINE "consent_ledger/key_change/v1\n"

/* A key that signs the seals of this origin. */
static bool
is_seal_key(cl_value vkey, cl_value origin, cl_verifier *verifier)
{
	cl_scanner	name;

	if (!cl_vkey_parse(vkey.data, vkey.len, verifier) || verifier->type != CL_NOTE_ED25519 ||
		strlen(verifier->name) < origin.len || memcmp(verifier->name, origin.data, origin.len) != 0)
		return false;
	name = (cl_scanner) {verifier->name, strlen(verifier->name), origin.len};
	return cl_take(&name, "/seal") && cl_at_end(&name);
}

/* May these values stand in a change together? */
static bool
is_valid(const cl_key_change *change, cl_verifier *before, cl_verifier *after)
{
	return cl_origin_valid(change->origin.data, change->origin.len) &&
		is_seal_key(change->before, change->origin, before) &&
		is_seal_key(change->after, change->origin, after) &&
		memcmp(before->public_key, after->public_key, CL_PUBLIC_BYTES) != 0;
}

size_t
cl_key_change_format(const cl_key_change *change, char *out, size_t cap)
{
	cl_buffer	b = {out, cap, 0};
	cl_verifier before;
	cl_verifier after;

	if (!is_valid(change, &before, &after))
		return 0;
	cl_put_string(&b, FIRST_LINE "origin ");
	cl_put_value(&b, change->origin);
	cl_put_string(&b, "\nsigns seal\nold ");
	cl_put_value(&b, change->before);
	cl_put_string(&b, "\nnew ");
	cl_put_value(&b, change->after);
	cl_put(&b, "\n", 2);			/* and the NUL */
	return b.len <= cap ? b.len - 1 : 0;
}

static bool
read_change(const char *text, size_t len, cl_key_change *change,
			cl_verifier *before, cl_verifier *after)
{
	cl_scanner	in = {text, len, 0};

	memset(change, 0, sizeof(*change));
	return cl_take(&in, FIRST_LINE "origin ") && cl_take_until(&in, '\n', &change->origin) &&
		cl_take(&in, "signs seal\nold ") && cl_take_until(&in, '\n', &change->before) &&
		cl_take(&in, "new ") && cl_take_until(&in, '\n', &change->after) &&
		cl_at_end(&in) && is_valid(change, before, after);
}

bool
cl_key_change_parse(const char *text, size_t len, cl_key_change *change)
{
	cl_verifier before;
	cl_verifier after;

	return read_change(text, len, change, &before, &after);
}

bool
cl_key_change_open(const char *note, size_t len, const cl_verifier *before, cl_verifier *after)
{
	cl_key_change change;
	cl_verifier said;

	return read_change(note, cl_note_text(note, len), &change, &said, after) &&
		strcmp(said.name, before->name) == 0 && said.type == before->type &&
		memcmp(said.public_key, before->public_key, CL_PUBLIC_BYTES) == 0 &&
		cl_note_verify(note, len, before) && cl_note_verify(note, len, after);
}
