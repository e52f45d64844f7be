/*
 * core_note.c
 *		Signed notes and verifier keys: the examples of C2SP, and corruptions.
 */
#include "core/note.h"
#include "bytes.h"

#define EXAMPLE_VKEY	"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define EXAMPLE_TEXT	"This is an example message.\n"
#define EXAMPLE_LINE	"\xe2\x80\x94 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
#define EXAMPLE			EXAMPLE_TEXT "\n" EXAMPLE_LINE
#define OTHER_LINE		"\xe2\x80\x94 example.com/bar AAAAAAAA\n"

static cl_verifier
verifier_of(const char *text)
{
	cl_verifier verifier;

	if (!cl_vkey_parse(text, strlen(text), &verifier))
		abort();
	return verifier;
}

/* Parse and check with one key; -1 if it is no note. */
static int
check(const char *bytes, size_t len, const cl_verifier *verifier)
{
	cl_note		note;
	cl_note_check result;

	return cl_note_parse(bytes, len, &note) ? (int) cl_note_check_all(&note, verifier, 1, &result) : -1;
}

static void
test_vkey(void)
{
	static const char *const bad[] = {
		"", "+", "++", "example.com/foo", "example.com/foo+530d903a",
		"example.com/foo+530d903a+", "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+0530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com /foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2l",
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAAAA",
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3Q==",
		"example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	};
	cl_verifier vkey;
	char		out[CL_VKEY_SIZE];

	ok(cl_vkey_parse(EXAMPLE_VKEY, strlen(EXAMPLE_VKEY), &vkey), "C2SP: the example's key");
	ok(strcmp(vkey.name, "example.com/foo") == 0 && vkey.id == 0x530d903a && vkey.type == CL_NOTE_ED25519, "name, id and type");
	is_text(out, cl_vkey_format(vkey.name, vkey.type, vkey.public_key, out), EXAMPLE_VKEY, "it is written as it was read");
	ok(out[strlen(EXAMPLE_VKEY)] == '\0', "with a NUL");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!cl_vkey_parse(bad[i], strlen(bad[i]), &vkey), "refuse key %zu", i);
}

static void
test_unsafe_vkey(void)
{
	uint8_t		identity[CL_PUBLIC_BYTES] = {1};
	cl_verifier vkey = verifier_of(EXAMPLE_VKEY);
	cl_verifier made;
	char		name[CL_KEY_NAME_MAX + 1];
	char		text[CL_VKEY_SIZE];
	char		other[CL_VKEY_SIZE];
	uint32_t	id;

	memset(name, 'n', sizeof(name));
	cl_key_id("x", CL_NOTE_ED25519, identity, &id);
	snprintf(text, sizeof(text), "x+%08x+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", (unsigned) id);
	ok(!cl_verifier_make("x", 1, CL_NOTE_ED25519, identity, &made), "a key of small order is not made");
	ok(cl_vkey_format("x", CL_NOTE_ED25519, identity, other) == 0, "nor is it written");
	ok(!cl_vkey_parse(text, strlen(text), &made), "nor is it read");
	ok(!cl_verifier_make("x", 1, 2, vkey.public_key, &made), "a key of unknown type is not made");
	ok(!cl_verifier_make("a+b", 3, CL_NOTE_ED25519, vkey.public_key, &made), "a key with a bad name is not made");
	ok(cl_verifier_make("x", 1, CL_NOTE_COSIGNATURE, vkey.public_key, &made), "a cosigner's key is made");
	ok(cl_verifier_make(name, CL_KEY_NAME_MAX, CL_NOTE_ED25519, vkey.public_key, &made), "the longest name");
	ok(!cl_verifier_make(name, CL_KEY_NAME_MAX + 1, CL_NOTE_ED25519, vkey.public_key, &made), "a longer one is refused");
	ok(strlen(made.name) == CL_KEY_NAME_MAX &&
	   cl_vkey_format(made.name, made.type, made.public_key, text) == CL_VKEY_SIZE - 1, "its key just fits");
}

static void
test_names(void)
{
	static const struct
	{
		cl_value	name;
		bool		valid;
	}			names[] = {
		{BYTES("example.com/foo"), true}, {BYTES("x"), true}, {BYTES("\xc3\xa9\xf0\x9f\x98\x80"), true},
		{BYTES(""), false}, {BYTES("a b"), false}, {BYTES("a+b"), false}, {BYTES("a\tb"), false},
		{BYTES("a\n"), false}, {BYTES("a\0"), false}, {BYTES("\x7f"), false}, {BYTES("a\xff"), false},
		{BYTES("a\xc2\x85"), false}, {BYTES("a\xc2\xa0"), false}, {BYTES("a\xe1\x9a\x80"), false},
		{BYTES("a\xe2\x80\x83"), false}, {BYTES("a\xe2\x80\xa8"), false}, {BYTES("a\xe2\x80\xaf"), false},
		{BYTES("a\xe2\x81\x9f"), false}, {BYTES("a\xe3\x80\x80"), false},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ok(cl_key_name_valid(names[i].name.data, names[i].name.len) == names[i].valid,
		   "key name %zu is %s", i, names[i].valid ? "valid" : "refused");
}

static void
test_example(void)
{
	cl_verifier vkey = verifier_of(EXAMPLE_VKEY);
	cl_note		note;

	ok(cl_note_parse(EXAMPLE, strlen(EXAMPLE), &note), "C2SP: the example is read");
	is_text(note.text.data, note.text.len, EXAMPLE_TEXT, "its text");
	is_text(note.signatures.data, note.signatures.len, EXAMPLE_LINE, "its signature");
	ok(check(EXAMPLE, strlen(EXAMPLE), &vkey) == CL_NOTE_OK, "C2SP: the example verifies");
	ok(check(EXAMPLE OTHER_LINE, strlen(EXAMPLE OTHER_LINE), &vkey) == CL_NOTE_OK, "a stranger's signature is passed over");
	ok(check(EXAMPLE_TEXT "\n" OTHER_LINE, strlen(EXAMPLE_TEXT "\n" OTHER_LINE), &vkey) == CL_NOTE_UNSIGNED, "a note signed by strangers only is unsigned");
	vkey.id++;
	ok(check(EXAMPLE, strlen(EXAMPLE), &vkey) == CL_NOTE_UNSIGNED, "another id is another key");
	vkey = verifier_of(EXAMPLE_VKEY);
	strcpy(vkey.name, "example.com/bar");
	ok(check(EXAMPLE, strlen(EXAMPLE), &vkey) == CL_NOTE_UNSIGNED, "another name is another key");
	vkey = verifier_of(EXAMPLE_VKEY);
	vkey.public_key[3] ^= 1;
	ok(check(EXAMPLE, strlen(EXAMPLE), &vkey) == CL_NOTE_FORGED, "the same name and id with another key is forged");
}

/* No note with a byte changed is taken for signed. */
static void
test_changed_bytes(void)
{
	cl_verifier vkey = verifier_of(EXAMPLE_VKEY);
	char		note[] = EXAMPLE;
	int			accepted = 0;

	for (size_t i = 0; i < strlen(EXAMPLE); i++)
		for (int bit = 0; bit < 8; bit++)
		{
			note[i] ^= 1 << bit;
			accepted += check(note, strlen(EXAMPLE), &vkey) == CL_NOTE_OK;
			note[i] ^= 1 << bit;
		}
	ok(accepted == 0, "no note with a bit changed verifies");
	for (size_t len = 0; len < strlen(EXAMPLE); len++)
		accepted += check(EXAMPLE, len, &vkey) == CL_NOTE_OK;
	ok(accepted == 0, "no note cut off verifies");
}

static void
test_malformed(void)
{
	static const struct
	{
		cl_value	note;
		const char *why;
	}			bad[] = {
		{BYTES(""), "nothing"},
		{BYTES("\n\n"), "empty lines alone"},
		{BYTES(EXAMPLE_TEXT), "no signature"},
		{BYTES(EXAMPLE_TEXT "\n"), "an empty line and no signature"},
		{BYTES(EXAMPLE_TEXT EXAMPLE_LINE), "no empty line"},
		{BYTES("no newline" EXAMPLE_LINE), "a text without newline"},
		{BYTES(EXAMPLE "\n"), "an empty line at the end"},
		{BYTES(EXAMPLE "x"), "something after"},
		{BYTES(EXAMPLE "x\n"), "a line after"},
		{BYTES(EXAMPLE "\xe2\x80\x94 x AAAAAAAA"), "a line without end"},
		{BYTES(EXAMPLE "\xe2\x80\x94 x AAAAAAAA \n"), "a space at the end"},
		{BYTES(EXAMPLE "\xe2\x80\x94 x  AAAAAAAA\n"), "two spaces"},
		{BYTES(EXAMPLE "\xe2\x80\x94x AAAAAAAA\n"), "no space after the dash"},
		{BYTES(EXAMPLE "\xe2\x80\x93 x AAAAAAAA\n"), "an en dash"},
		{BYTES(EXAMPLE "- x AAAAAAAA\n"), "a hyphen"},
		{BYTES(EXAMPLE "\xe2\x80\x94 x AAAAAA==\n"), "a signature of no bytes"},
		{BYTES(EXAMPLE "\xe2\x80\x94 x AAAA\n"), "half an id"},
		{BYTES(EXAMPLE "\xe2\x80\x94 x \n"), "no signature in a line"},
		{BYTES(EXAMPLE "\xe2\x80\x94 x AAAAAAA\n"), "base64 without padding"},
		{BYTES(EXAMPLE "\xe2\x80\x94 x AAAAAAB=\n"), "base64 with bits left over"},
		{BYTES(EXAMPLE "\xe2\x80\x94 a+b AAAAAAAA\n"), "a bad name"},
		{BYTES(EXAMPLE "\xe2\x80\x94  AAAAAAAA\n"), "no name"},
		{BYTES("tab\there\n\n" EXAMPLE_LINE), "a tab"},
		{BYTES("return\r\n\n" EXAMPLE_LINE), "a carriage return"},
		{BYTES("nul\0\n\n" EXAMPLE_LINE), "a NUL"},
		{BYTES("\xff\n\n" EXAMPLE_LINE), "text that is not UTF-8"},
	};
	cl_note		note;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!cl_note_parse(bad[i].note.data, bad[i].note.len, &note), "refuse %s", bad[i].why);
	ok(cl_note_parse("a\n\nb\n\n" EXAMPLE_LINE, strlen("a\n\nb\n\n" EXAMPLE_LINE), &note) && note.text.len == 5,
	   "the last empty line ends the text");
}

static void
test_many_signatures(void)
{
	char		note[8192] = EXAMPLE_TEXT "\n";
	cl_note		parsed;

	for (int i = 0; i < CL_NOTE_SIGNATURES_MAX; i++)
		strcat(note, OTHER_LINE);
	ok(cl_note_parse(note, strlen(note), &parsed), "as many signatures as may be");
	strcat(note, OTHER_LINE);
	ok(!cl_note_parse(note, strlen(note), &parsed), "one more is refused");
}

/* Sign with keys of both types; check what each says. */
static void
test_signing(void)
{
	static const char text[] = "example.com/log\n1\nAAAA\n";
	size_t		text_len = strlen(text);
	cl_key	   *key;
	uint8_t		public_key[CL_PUBLIC_BYTES];
	cl_verifier keys[2];
	cl_note_check checks[2];
	cl_note		note;
	char		out[1024];
	size_t		len;
	size_t		line;

	cl_key_generate(&key);
	cl_key_public(key, public_key);
	cl_verifier_make("example.com/log", 15, CL_NOTE_ED25519, public_key, &keys[0]);
	cl_verifier_make("example.com/log/witness", 23, CL_NOTE_COSIGNATURE, public_key, &keys[1]);
	len = cl_note_sign(text, text_len, keys[0].name, key, out, sizeof(out));
	ok(len > 0 && out[len] == '\0', "sign a note");
	ok(cl_note_verify(out, len, &keys[0]), "it verifies");
	ok(!cl_note_verify(out, len, &keys[1]), "but not by another key's name");
	ok(cl_note_text(out, len) == text_len, "its text");
	ok(cl_note_sign(text, text_len, keys[0].name, key, out, len) == 0, "no room for the NUL is no room");
	ok(cl_note_sign(text, text_len, keys[0].name, key, out, len + 1) == len, "and with it there is");
	ok(cl_note_parse(out, len, &note) && cl_note_check_all(&note, keys, 2, checks) == CL_NOTE_OK &&
	   checks[0].is_signed && !checks[1].is_signed, "signed by this key and no other");
	line = cl_note_cosign(text, text_len, keys[1].name, key, 1679315147, out + len, sizeof(out) - len);
	ok(line > 0 && cl_note_parse(out, len + line, &note) && cl_note_check_all(&note, keys, 2, checks) == CL_NOTE_OK &&
	   checks[0].is_signed && checks[1].is_signed && checks[1].time == 1679315147, "a cosignature is added, and both count");
	len += line;
	line = cl_note_cosign(text, text_len, keys[1].name, key, 1679315000, out + len, sizeof(out) - len);
	ok(cl_note_parse(out, len + line, &note) && cl_note_check_all(&note, keys, 2, checks) == CL_NOTE_OK &&
	   checks[1].time == 1679315000, "of two cosignatures the earlier counts");
	/* One key's type 01 signature is no type 04 one, though name and id fit. */
	len = cl_note_sign(text, text_len, keys[1].name, key, out, sizeof(out));
	keys[0] = keys[1];
	keys[0].type = CL_NOTE_ED25519;
	cl_key_id(keys[0].name, CL_NOTE_ED25519, public_key, &keys[0].id);
	keys[1].id = keys[0].id;
	ok(cl_note_parse(out, len, &note) && cl_note_check_all(&note, keys, 2, checks) == CL_NOTE_FORGED && !checks[0].is_signed,
	   "a signature of one type is refused for the other, and nothing is left standing");
	ok(cl_note_sign("no newline", 10, "n", key, out, sizeof(out)) == 0, "a text without newline is not signed");
	ok(cl_note_sign("", 0, "n", key, out, sizeof(out)) == 0, "no text is not signed");
	ok(cl_note_sign("a\r\n", 3, "n", key, out, sizeof(out)) == 0, "a text with controls is not signed");
	ok(cl_note_sign("\xff\n", 2, "n", key, out, sizeof(out)) == 0, "a text that is not UTF-8 is not signed");
	ok(cl_note_sign(text, text_len, "a b", key, out, sizeof(out)) == 0, "under a bad name nothing is signed");
	cl_key_free(key);
}

/* A whole note with this cosignature. */
static bool
takes_cosignature(const char *text, const uint8_t *bytes, size_t len, const cl_verifier *verifier)
{
	char		note[512];
	cl_buffer	b = {note, sizeof(note), 0};

	cl_put_string(&b, text);
	cl_put_string(&b, "\n\xe2\x80\x94 w ");
	cl_put_base64(&b, bytes, len);
	cl_put_char(&b, '\n');
	return cl_note_verify(note, b.len, verifier);
}

/* C2SP tlog-cosignature: any change of the time is a change of what is signed. */
static void
test_cosignature(void)
{
	static const char text[] = "example.com/log\n1\nAAAA\n";
	static char great[CL_COSIGNED_MAX + 1];
	cl_key	   *key;
	uint8_t		public_key[CL_PUBLIC_BYTES];
	uint8_t		bytes[76];
	char		line[CL_SIGNATURE_LINE_MAX];
	cl_verifier verifier;
	size_t		len;
	int			accepted = 0;

	cl_key_generate(&key);
	cl_key_public(key, public_key);
	cl_verifier_make("w", 1, CL_NOTE_COSIGNATURE, public_key, &verifier);
	len = cl_note_cosign(text, strlen(text), "w", key, 1679315147, line, sizeof(line));
	ok(cl_base64_decode(line + strlen("\xe2\x80\x94 w "), len - 1 - strlen("\xe2\x80\x94 w "), bytes, sizeof(bytes)) == 76, "a cosignature has 76 bytes");
	is_hex(bytes + 4, 8, "00000000641850cb", "the time comes before the signature");
	ok(cl_key_verify(public_key, "cosignature/v1\ntime 1679315147\nexample.com/log\n1\nAAAA\n", 54, bytes + 12), "and is in the signed message");
	ok(takes_cosignature(text, bytes, sizeof(bytes), &verifier), "it verifies");
	for (int i = 0; i < 76 * 8; i++)
	{
		bytes[i / 8] ^= 1 << i % 8;
		accepted += takes_cosignature(text, bytes, sizeof(bytes), &verifier);
		bytes[i / 8] ^= 1 << i % 8;
	}
	ok(accepted == 0, "no cosignature with a bit changed verifies");
	ok(!takes_cosignature(text, bytes, 75, &verifier), "nor one cut off");
	ok(!takes_cosignature("example.com/log\n2\nAAAA\n", bytes, sizeof(bytes), &verifier), "nor one of another text");
	memset(great, 'x', sizeof(great));
	great[CL_COSIGNED_MAX - 1] = great[CL_COSIGNED_MAX] = '\n';
	ok(cl_note_cosign(great, CL_COSIGNED_MAX, "w", key, INT64_MAX, line, sizeof(line)) > 0, "the longest text is cosigned");
	ok(cl_note_cosign(great, CL_COSIGNED_MAX + 1, "w", key, 1, line, sizeof(line)) == 0, "a longer one is not");
	ok(cl_note_cosign(text, strlen(text), "w", key, UINT64_C(1) << 63, line, sizeof(line)) == 0, "a time out of range is not signed");
	cl_key_free(key);
}

/* The examples of tlog-cosignature: a stranger's signature of 76 bytes is no harm. */
static void
test_foreign_lengths(void)
{
	char		note[16384] = EXAMPLE "\xe2\x80\x94 w ";
	cl_buffer	b = {note, sizeof(note), strlen(note)};
	static uint8_t large[4 + 8 + 2420];
	cl_verifier vkey = verifier_of(EXAMPLE_VKEY);

	cl_put_base64(&b, large, sizeof(large));
	cl_put_char(&b, '\n');
	ok(cl_note_verify(note, b.len, &vkey), "a stranger's signature may be as long as ML-DSA's");
}

int
main(void)
{
	test_vkey();
	test_unsafe_vkey();
	test_names();
	test_example();
	test_changed_bytes();
	test_malformed();
	test_many_signatures();
	test_signing();
	test_cosignature();
	test_foreign_lengths();
	return done_testing();
}
