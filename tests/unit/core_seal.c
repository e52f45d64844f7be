/*
 * core_seal.c
 *		The text of a seal: one spelling, and nothing else is taken for one.
 */
#include "core/buffer.h"
#include "core/seal.h"
#include "bytes.h"

#define EMPTY	"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define ROOT	"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="

#define L1		"consent_ledger/seal/v1\n"
#define L2		"origin example.com/consent\n"
#define L3		"kind choices\n"
#define L4		"seal 17\n"
#define L5		"count 4096\n"
#define L6		"root " ROOT "\n"
#define L7		"time 2024-10-02T09:00:00.123456Z\n"
#define L8		"checkpoint 0 " EMPTY "\n"
#define L9		"bound none\n"
#define SEAL	L1 L2 L3 L4 L5 L6 L7 L8 L9

static bool
parses(const char *text, size_t len)
{
	cl_seal		seal;

	return cl_seal_parse(text, len, &seal);
}

static void
round_trip(const char *text, const char *name)
{
	cl_seal		seal;
	char		out[CL_SEAL_MAX];

	if (ok(cl_seal_parse(text, strlen(text), &seal), "%s is read", name))
		is_text(out, cl_seal_format(&seal, out, sizeof(out)), text, "and written the same");
}

static void
test_good(void)
{
	cl_seal		seal;
	char		out[CL_SEAL_MAX];
	char		base64[CL_BASE64_SIZE(CL_HASH_BYTES)];

	ok(cl_seal_parse(SEAL, strlen(SEAL), &seal), "a seal is read");
	ok(seal.origin_len == 19 && memcmp(seal.origin, "example.com/consent", 19) == 0 && seal.kind == CL_SEAL_CHOICES &&
	   seal.number == 17 && seal.count == 4096 && seal.checkpoint_size == 0 && !seal.has_bound, "what it says");
	ok(seal.time == INT64_C(781174800123456), "when");
	cl_base64_encode(seal.root, CL_HASH_BYTES, base64);
	is_string(base64, ROOT, "its root");
	ok(cl_seal_format(&seal, out, strlen(SEAL)) == 0, "no room for the NUL is no room");
	ok(cl_seal_format(&seal, out, strlen(SEAL) + 1) == strlen(SEAL) && strcmp(out, SEAL) == 0, "and with it there is");
	round_trip(SEAL, "a seal");
	round_trip(L1 L2 "kind declarations\n" L4 "count 1\n" L6 "time 2024-10-02T09:00:00Z\n" L8 L9, "a seal of declarations");
	round_trip(L1 L2 "kind run\nseal 2251799813685247\n" L5 L6 L7 "checkpoint 9223372036854775807 " ROOT "\nbound " ROOT "\n", "a seal of a run");
	round_trip(L1 "origin x\n" L3 "seal 1\n" L5 L6 L7 L8 L9, "a short origin");
}

static void
test_bad(void)
{
	static const struct
	{
		cl_value	text;
		const char *why;
	}			bad[] = {
		{BYTES(""), "nothing"},
		{BYTES("consent_ledger/seal/v2\n" L2 L3 L4 L5 L6 L7 L8 L9), "another version"},
		{BYTES(L2 L3 L4 L5 L6 L7 L8 L9), "no first line"},
		{BYTES(" " SEAL), "a space before"},
		{BYTES(SEAL "\n"), "an empty line after"},
		{BYTES(SEAL "x\n"), "a line after"},
		{BYTES(L1 L3 L2 L4 L5 L6 L7 L8 L9), "lines exchanged"},
		{BYTES(L1 L2 L2 L3 L4 L5 L6 L7 L8 L9), "a line twice"},
		{BYTES(L1 L2 L3 L4 L5 L6 L7 L8), "a line missing"},
		{BYTES(L1 L2 L3 L4 L5 L6 L7 L8 "bound none"), "no last newline"},
		{BYTES(L1 "origin  example.com\n" L3 L4 L5 L6 L7 L8 L9), "two spaces"},
		{BYTES(L1 "origin \n" L3 L4 L5 L6 L7 L8 L9), "no origin"},
		{BYTES(L1 "origin consent_ledger/x\n" L3 L4 L5 L6 L7 L8 L9), "an origin of ours"},
		{BYTES(L1 "origin a\r\n" L3 L4 L5 L6 L7 L8 L9), "a carriage return"},
		{BYTES(L1 "Origin x\n" L3 L4 L5 L6 L7 L8 L9), "a label in upper case"},
		{BYTES(L1 L2 "kind choice\n" L4 L5 L6 L7 L8 L9), "an unknown kind"},
		{BYTES(L1 L2 "kind \n" L4 L5 L6 L7 L8 L9), "no kind"},
		{BYTES(L1 L2 L3 "seal 0\n" L5 L6 L7 L8 L9), "seal 0"},
		{BYTES(L1 L2 L3 "seal 017\n" L5 L6 L7 L8 L9), "a leading zero"},
		{BYTES(L1 L2 L3 "seal +17\n" L5 L6 L7 L8 L9), "a plus sign"},
		{BYTES(L1 L2 L3 "seal -17\n" L5 L6 L7 L8 L9), "a minus sign"},
		{BYTES(L1 L2 L3 "seal 17 \n" L5 L6 L7 L8 L9), "a space after a number"},
		{BYTES(L1 L2 L3 "seal \n" L5 L6 L7 L8 L9), "no number"},
		{BYTES(L1 L2 L3 "seal 2251799813685248\n" L5 L6 L7 L8 L9), "a number whose events have none"},
		{BYTES(L1 L2 L3 "seal 18446744073709551633\n" L5 L6 L7 L8 L9), "17 beyond 64 bits"},
		{BYTES(L1 L2 L3 L4 "count 0\n" L6 L7 L8 L9), "no events"},
		{BYTES(L1 L2 L3 L4 "count 4097\n" L6 L7 L8 L9), "too many events"},
		{BYTES(L1 L2 L3 L4 L5 "root AAAA\n" L7 L8 L9), "a short root"},
		{BYTES(L1 L2 L3 L4 L5 "root AAAA" ROOT "\n" L7 L8 L9), "a long root"},
		{BYTES(L1 L2 L3 L4 L5 "root CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n" L7 L8 L9), "a root with bits left over"},
		{BYTES(L1 L2 L3 L4 L5 L6 "time 2024-10-02T11:00:00+02\n" L8 L9), "a time in another zone"},
		{BYTES(L1 L2 L3 L4 L5 L6 "time 2024-10-02T09:00Z\n" L8 L9), "a time without seconds"},
		{BYTES(L1 L2 L3 L4 L5 L6 "time 2024-10-02T09:00:00.1Z\n" L8 L9), "a time in tenths"},
		{BYTES(L1 L2 L3 L4 L5 L6 "time 2024-10-02 09:00:00Z\n" L8 L9), "a time with a space"},
		{BYTES(L1 L2 L3 L4 L5 L6 "time 2024-13-02T09:00:00Z\n" L8 L9), "a month too many"},
		{BYTES(L1 L2 L3 L4 L5 L6 "time \n" L8 L9), "no time"},
		{BYTES(L1 L2 L3 L4 L5 L6 L7 "checkpoint 0 " ROOT "\n" L9), "an empty log with a root"},
		{BYTES(L1 L2 L3 L4 L5 L6 L7 "checkpoint 9223372036854775808 " ROOT "\n" L9), "a log too large"},
		{BYTES(L1 L2 L3 L4 L5 L6 L7 "checkpoint 01 " ROOT "\n" L9), "a size with a leading zero"},
		{BYTES(L1 L2 L3 L4 L5 L6 L7 "checkpoint 1\n" L9), "a checkpoint without root"},
		{BYTES(L1 L2 L3 L4 L5 L6 L7 "checkpoint none\n" L9), "no checkpoint"},
		{BYTES(L1 L2 L3 L4 L5 L6 L7 L8 "bound \n"), "no bound"},
		{BYTES(L1 L2 L3 L4 L5 L6 L7 L8 "bound None\n"), "a bound in upper case"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!parses(bad[i].text.data, bad[i].text.len), "refuse %s", bad[i].why);
}

static void
test_cut_off(void)
{
	int			accepted = 0;

	for (size_t len = 0; len < strlen(SEAL); len++)
		accepted += parses(SEAL, len);
	ok(accepted == 0, "no seal cut off is taken for one");
}

static void
test_origins(void)
{
	char		name[CL_ORIGIN_MAX + 1];

	memset(name, 'a', sizeof(name));
	ok(cl_origin_valid("example.com/consent", 19), "an origin");
	ok(cl_origin_valid(name, CL_ORIGIN_MAX), "the longest origin");
	ok(!cl_origin_valid(name, CL_ORIGIN_MAX + 1), "a longer one is refused");
	ok(!cl_origin_valid("", 0), "an empty one is refused");
	ok(!cl_origin_valid("consent_ledger/seal/v1", 22), "one like a seal is refused");
	ok(!cl_origin_valid("consent_ledger/", 15), "one that begins like ours is refused");
	ok(!cl_origin_valid("cosignature/v1", 14), "one like a cosignature is refused");
	ok(cl_origin_valid("consent_ledger", 14), "a name without the slash is none of ours");
	ok(!cl_origin_valid("a b", 3) && !cl_origin_valid("a+b", 3) && !cl_origin_valid("a\n", 2), "the rules of key names hold");
}

/* The longest seal fits into the room that the header promises. */
static void
test_room(void)
{
	char		origin[CL_ORIGIN_MAX];
	char		text[CL_SEAL_MAX];
	cl_seal		seal = {
		.origin = origin, .origin_len = sizeof(origin), .kind = CL_SEAL_DECLARATIONS,
		.number = CL_SEAL_NUMBER_MAX, .count = CL_SEAL_EVENTS, .time = CL_INSTANT_LIMIT - 1,
		.checkpoint_size = INT64_MAX, .has_bound = true
	};
	size_t		len;

	memset(origin, 'o', sizeof(origin));
	len = cl_seal_format(&seal, text, sizeof(text));
	ok(len > 0 && parses(text, len), "the longest text fits");
}

int
main(void)
{
	test_good();
	test_bad();
	test_cut_off();
	test_origins();
	test_room();
	return done_testing();
}
