/*
 * fuzz_note.c
 *		Signed notes and verifier keys: whatever is taken apart is what was there,
 *		and no text but the example's passes for signed.
 */
#include "core/note.h"

#include <stdlib.h>

#define EXAMPLE_KEY	"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define EXAMPLE_TEXT "This is an example message.\n"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_note(const char *text, size_t size, const cl_verifier *verifier)
{
	cl_note		note;
	cl_note_check check;

	if (!cl_note_parse(text, size, &note))
	{
		require(!cl_note_verify(text, size, verifier));
		return;
	}
	require(note.text.len + 1 + note.signatures.len == size);
	require(note.text.data[note.text.len - 1] == '\n');
	if (cl_note_check_all(&note, verifier, 1, &check) == CL_NOTE_OK)
		require(check.is_signed && cl_value_equal(note.text, cl_string(EXAMPLE_TEXT)));
	else
		require(!check.is_signed);
}

static void
check_vkey(const char *text, size_t size)
{
	cl_verifier verifier;
	char		again[CL_VKEY_SIZE];

	if (cl_vkey_parse(text, size, &verifier))
		require(cl_vkey_format(verifier.name, verifier.type, verifier.public_key, again) == size &&
				memcmp(again, text, size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = malloc(size + 1);
	cl_verifier verifier;

	require(cl_vkey_parse(EXAMPLE_KEY, strlen(EXAMPLE_KEY), &verifier));
	memcpy(text, data, size);
	check_note(text, size, &verifier);
	check_vkey(text, size);
	free(text);
	return 0;
}
