/*
 * core_key_change.c
 *		The note by which one key replaces another: both sign, one spelling.
 */
#include "core/key_change.h"
#include "ledger.h"

#define NAME TEST_ORIGIN "/seal"

static test_key one;
static test_key two;
static test_key three;
static char one_vkey[CL_VKEY_SIZE];
static char two_vkey[CL_VKEY_SIZE];

static size_t
write_text(const char *origin, const char *before, const char *after, char out[CL_KEY_CHANGE_MAX])
{
	return cl_key_change_format(&(cl_key_change) {cl_string(origin), cl_string("seal"), cl_string(before), cl_string(after)},
								out, CL_KEY_CHANGE_MAX);
}

/* Sign a text by up to two keys under the name of seals. */
static size_t
sign(const char *text, const test_key *first, const test_key *second, char note[TEST_NOTE_MAX])
{
	char		more[TEST_NOTE_MAX];
	size_t		len = strlen(text);

	need(cl_note_sign(text, len, NAME, first->key, note, TEST_NOTE_MAX) > 0);
	if (second)
	{
		need(cl_note_sign(text, len, NAME, second->key, more, TEST_NOTE_MAX) > 0);
		strcat(note, more + len + 1);
	}
	return strlen(note);
}

static void
test_text(void)
{
	cl_key_change change;
	cl_seal		seal;
	cl_verifier witness;
	char		text[CL_KEY_CHANGE_MAX];
	char		again[CL_KEY_CHANGE_MAX];
	char		other[CL_VKEY_SIZE];
	size_t		len = write_text(TEST_ORIGIN, one_vkey, two_vkey, text);
	int			accepted = 0;

	ok(len > 0 && cl_key_change_parse(text, len, &change), "a change is read");
	is_text(again, cl_key_change_format(&change, again, sizeof(again)), text, "and written the same");
	ok(cl_key_change_format(&change, again, len) == 0 && cl_key_change_format(&change, again, len + 1) == len, "no room for the NUL is no room");
	for (size_t i = 0; i < len; i++)
		accepted += cl_key_change_parse(text, i, &change);
	ok(accepted == 0, "nothing shorter is one");
	text[len] = '\n';
	ok(!cl_key_change_parse(text, len + 1, &change), "nothing longer");
	ok(!cl_seal_parse(text, len, &seal), "it is no seal");
	ok(write_text(TEST_ORIGIN, one_vkey, one_vkey, again) == 0, "a key does not replace itself");
	ok(write_text("example.org", one_vkey, two_vkey, again) == 0, "the keys are of the origin");
	ok(write_text("consent_ledger/key_change/v1", one_vkey, two_vkey, again) == 0, "which is one");
	need(cl_vkey_format(TEST_ORIGIN, CL_NOTE_ED25519, two.verifier.public_key, other) > 0);
	ok(write_text(TEST_ORIGIN, one_vkey, other, again) == 0, "the key of checkpoints does not replace that of seals");
	need(cl_verifier_make(NAME, strlen(NAME), CL_NOTE_COSIGNATURE, two.verifier.public_key, &witness));
	need(cl_vkey_format(NAME, CL_NOTE_COSIGNATURE, two.verifier.public_key, other) > 0);
	ok(write_text(TEST_ORIGIN, one_vkey, other, again) == 0, "nor one that cosigns");
}

static void
test_signatures(void)
{
	cl_verifier after;
	char		text[CL_KEY_CHANGE_MAX];
	char		note[TEST_NOTE_MAX];
	size_t		len;
	int			accepted = 0;

	need(write_text(TEST_ORIGIN, one_vkey, two_vkey, text) > 0);
	len = sign(text, &one, &two, note);
	ok(cl_key_change_open(note, len, &one.verifier, &after) &&
	   memcmp(after.public_key, two.verifier.public_key, CL_PUBLIC_BYTES) == 0, "signed by both: the new key is known");
	ok(!cl_key_change_open(note, len, &two.verifier, &after), "it says nothing about the key after the new one");
	ok(!cl_key_change_open(note, len, &three.verifier, &after), "nor about a stranger's");
	for (size_t i = 0; i < len; i++)
	{
		note[i] ^= 1;
		accepted += cl_key_change_open(note, len, &one.verifier, &after);
		note[i] ^= 1;
	}
	ok(accepted == 0, "with any byte changed it is none");
	len = sign(text, &two, &one, note);
	ok(cl_key_change_open(note, len, &one.verifier, &after), "the order of the signatures is free");
	len = sign(text, &one, NULL, note);
	ok(!cl_key_change_open(note, len, &one.verifier, &after), "the old key alone gives it to nobody");
	len = sign(text, &two, NULL, note);
	ok(!cl_key_change_open(note, len, &one.verifier, &after), "the new key alone takes nothing");
	len = sign(text, &one, &three, note);
	ok(!cl_key_change_open(note, len, &one.verifier, &after), "nor with a third");
	len = sign(text, &two, &three, note);
	ok(!cl_key_change_open(note, len, &one.verifier, &after), "nor a third and the new one");
}

int
main(void)
{
	test_key_make(NAME, CL_NOTE_ED25519, &one);
	test_key_make(NAME, CL_NOTE_ED25519, &two);
	test_key_make(NAME, CL_NOTE_ED25519, &three);
	need(test_vkey(&one, one_vkey) > 0 && test_vkey(&two, two_vkey) > 0);
	test_text();
	test_signatures();
	cl_key_free(one.key);
	cl_key_free(two.key);
	cl_key_free(three.key);
	return done_testing();
}
