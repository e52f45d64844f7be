/*
 * key_change.c
 *		One key of a ledger takes the place of another: the note that both sign.
 */
#include "core/checkpoint.h"
#include "core/key_change.h"

#define FIRST_LINE "consent_ledger/key_change/v1\n"

/* Is this the name of a key of the origin that signs such things, and its type? */
static bool
is_of(const cl_verifier *key, cl_value signs, cl_value origin)
{
	cl_value	name = cl_string(key->name);
	cl_scanner	rest = {name.data, name.len, origin.len};

	if (cl_value_equal(signs, cl_string("checkpoint")))
		return key->type == CL_NOTE_ED25519 && cl_log_is_of(name, origin);
	if (name.len < origin.len || memcmp(name.data, origin.data, origin.len) != 0)
		return false;
	if (cl_value_equal(signs, cl_string("seal")))
		return key->type == CL_NOTE_ED25519 && cl_take(&rest, "/seal") && cl_at_end(&rest);
	return cl_value_equal(signs, cl_string("witness")) && key->type == CL_NOTE_COSIGNATURE &&
		cl_take(&rest, "/witness") && cl_at_end(&rest);
}

static bool
is_key(cl_value vkey, const cl_key_change *change, cl_verifier *verifier)
{
	return cl_vkey_parse(vkey.data, vkey.len, verifier) && is_of(verifier, change->signs, change->origin);
}

/* May these values stand in a change together? */
static bool
is_valid(const cl_key_change *change, cl_verifier *before, cl_verifier *after)
{
	return cl_origin_valid(change->origin.data, change->origin.len) &&
		is_key(change->before, change, before) && is_key(change->after, change, after) &&
		strcmp(before->name, after->name) == 0 &&
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
	cl_put_string(&b, "\nsigns ");
	cl_put_value(&b, change->signs);
	cl_put_string(&b, "\nold ");
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
		cl_take(&in, "signs ") && cl_take_until(&in, '\n', &change->signs) &&
		cl_take(&in, "old ") && cl_take_until(&in, '\n', &change->before) &&
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

/* The key as one that signs notes, whatever it signs otherwise. */
static bool
has_signed(const cl_verifier *key, const char *note, size_t len)
{
	cl_verifier signer;

	return cl_verifier_make(key->name, strlen(key->name), CL_NOTE_ED25519, key->public_key, &signer) &&
		cl_note_verify(note, len, &signer);
}

bool
cl_key_change_open(const char *note, size_t len, const cl_verifier *before, cl_verifier *after)
{
	cl_key_change change;
	cl_verifier said;

	return read_change(note, cl_note_text(note, len), &change, &said, after) &&
		strcmp(said.name, before->name) == 0 && said.type == before->type &&
		memcmp(said.public_key, before->public_key, CL_PUBLIC_BYTES) == 0 &&
		has_signed(before, note, len) && has_signed(after, note, len);
}
