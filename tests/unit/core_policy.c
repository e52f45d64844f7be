/*
 * core_policy.c
 *		C2SP tlog-policy: what is a policy, and which checkpoints satisfy it.
 */
#include "core/policy.h"
#include "ledger.h"

static test_ledger ledger;
static char log_vkey[CL_VKEY_SIZE];
static char w[TEST_WITNESSES][CL_VKEY_SIZE];
static cl_policy policy;
static cl_policy_error wrong;

/* Put the keys into a text where it says $L, $1, $2, $3. */
static size_t
expand(const char *text, char *out, size_t cap)
{
	cl_buffer	b = {out, cap, 0};

	for (; *text; text++)
		if (*text != '$')
			cl_put_char(&b, *text);
		else if (*++text == 'L')
			cl_put_string(&b, log_vkey);
		else
			cl_put_string(&b, w[*text - '1']);
	need(b.len <= cap);
	return b.len;
}

/* The expanded text of the last policy, to which its names point. */
static char expanded[8192];

static bool
parse(const char *text)
{
	return cl_policy_parse(expanded, expand(text, expanded, sizeof(expanded)), &policy, &wrong);
}

#define THREE	"log $L\nwitness a $1\nwitness b $2\nwitness c $3\n"

static void
test_good(void)
{
	ok(parse("log $L\nquorum none\n") && policy.n_logs == 1 && policy.n_witnesses == 0 && policy.quorum == CL_POLICY_NONE, "a log alone");
	ok(parse("quorum none\n") && policy.n_logs == 0, "nothing but a quorum");
	ok(parse(THREE "group g 2 a b c\nquorum g\n") && policy.n_witnesses == 3 && policy.nodes[policy.quorum].needed == 2, "two of three");
	ok(parse(THREE "group g all a b c\nquorum g\n") && policy.nodes[policy.quorum].needed == 3, "all");
	ok(parse(THREE "group g any a b c\nquorum g\n") && policy.nodes[policy.quorum].needed == 1, "any");
	ok(parse(THREE "quorum b\n") && policy.quorum == 1, "a single witness");
	ok(parse(THREE "group ab any a b\ngroup all all ab c\nquorum all\n") && policy.n_nodes == 5, "groups of groups; a group may be called all");
	ok(parse("# comment\n\n \t \n\t #\xc3\xa9\n  log\t$L  https://log.example/ \nwitness \xc3\xa9 $1\thttps://w1.example/\nquorum  \xc3\xa9 \n"),
	   "comments, empty lines, white space and names in other scripts");
	is_text(policy.nodes[0].url.data, policy.nodes[0].url.len, "https://w1.example/", "the URL of a witness");
	is_text(policy.nodes[0].name.data, policy.nodes[0].name.len, "\xc3\xa9", "its name");
	ok(parse("quorum none\n" THREE) && policy.n_nodes == 3 && policy.quorum == CL_POLICY_NONE, "logs and witnesses in any order");
	ok(parse("witness a $1\nquorum a\ngroup g 1 a\n"), "a group that nobody asks for");
}

static void
is_wrong(const char *text, const char *message, int line)
{
	bool		good = parse(text);

	if (!ok(!good && strcmp(wrong.message, message) == 0 && wrong.line == line, "line %d: %s", line, message))
		printf("# got line %d: %s\n", wrong.line, good ? "nothing wrong" : wrong.message);
}

static void
test_bad(void)
{
	is_wrong("", "there is no quorum", 0);
	is_wrong("log $L\n", "there is no quorum", 1);
	is_wrong("quorum none", "the last line does not end with a newline", 1);
	is_wrong("quorum none\nquorum none\n", "a second quorum", 2);
	is_wrong("quorum\n", "a name is missing", 1);
	is_wrong("quorum none none\n", "a word too many", 1);
	is_wrong("quorum a\nwitness a $1\n", "a quorum that is not defined before", 1);
	is_wrong("Quorum none\n", "a line begins with log, witness, group, quorum or #", 1);
	is_wrong("quorum none # comment\n", "a word too many", 1);
	is_wrong("quorum none\r\n", "a control character", 1);
	is_wrong("quorum none\n# \x7f\n", "a control character", 2);
	is_wrong("log\n", "a verifier key is missing", 1);
	is_wrong("log nonsense\n", "not a verifier key of an Ed25519 key that binds its signer", 1);
	is_wrong("log $1\n", "the key of a log must be of type 01", 1);
	is_wrong("log $L url more\n", "a word too many", 1);
	is_wrong("log $L\nlog $L\n", "the same public key a second time", 2);
	is_wrong("witness\n", "a name is missing", 1);
	is_wrong("witness a\n", "a verifier key is missing", 1);
	is_wrong("witness a $L\n", "the key of a witness must be of type 04", 1);
	is_wrong("witness a $1 url more\n", "a word too many", 1);
	is_wrong("witness a $1\nwitness b $1\n", "the same public key a second time", 2);
	is_wrong("witness a $1\nwitness a $2\n", "this name is taken", 2);
	is_wrong("witness none $1\n", "this name is taken", 1);
	is_wrong("witness a $1\ngroup a any a\n", "this name is taken", 2);
	is_wrong("group\n", "a name is missing", 1);
	is_wrong("group g\n", "a threshold is missing", 1);
	is_wrong("group g any\n", "a group without members", 1);
	is_wrong("group g any a\n", "a member that is not defined before", 1);
	is_wrong("group g any g\n", "a member that is not defined before", 1);
	is_wrong("group g any none\n", "a member that is not defined before", 1);
	is_wrong(THREE "group g any a a\n", "a member a second time", 5);
	is_wrong(THREE "group g any a b\ngroup h any c a\n", "a member a second time", 6);
	is_wrong(THREE "group g 0 a b\n", "a threshold is all, any, or a number from 1 to that of the members", 5);
	is_wrong(THREE "group g 3 a b\n", "a threshold is all, any, or a number from 1 to that of the members", 5);
	is_wrong(THREE "group g 02 a b\n", "a threshold is all, any, or a number from 1 to that of the members", 5);
	is_wrong(THREE "group g +1 a b\n", "a threshold is all, any, or a number from 1 to that of the members", 5);
	is_wrong(THREE "group g one a b\n", "a threshold is all, any, or a number from 1 to that of the members", 5);
}

/* The same public key is the same witness under any name, and of small order none at all. */
static void
test_unsafe(void)
{
	char		text[2048];
	cl_buffer	b = {text, sizeof(text), 0};
	char		vkey[CL_VKEY_SIZE];
	const test_key *first = &ledger.witnesses[0];

	cl_vkey_format("other.example", CL_NOTE_COSIGNATURE, first->verifier.public_key, vkey);
	cl_put_string(&b, "witness a ");
	cl_put_string(&b, w[0]);
	cl_put_string(&b, "\nwitness b ");
	cl_put_string(&b, vkey);
	cl_put_string(&b, "\nquorum none\n");
	ok(!cl_policy_parse(text, b.len, &policy, &wrong) && wrong.line == 2, "one key under two names");
	ok(!parse("log x+d2b1aa51+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nquorum none\n"), "a key of small order");
}

static void
test_limits(void)
{
	char	   *text = malloc(CL_POLICY_TEXT_MAX + 64);
	cl_buffer	b = {text, CL_POLICY_TEXT_MAX + 64, 0};
	uint8_t		public_key[CL_PUBLIC_BYTES];
	char		vkey[CL_VKEY_SIZE];
	cl_key	   *key;
	int			n;

	for (n = 0; n <= CL_POLICY_WITNESSES; n++)
	{
		char		line[CL_VKEY_SIZE + 64];

		if (n == CL_POLICY_WITNESSES)
		{
			cl_put_string(&b, "quorum none\n");
			ok(cl_policy_parse(text, b.len, &policy, &wrong) && policy.n_witnesses == n, "as many witnesses as may be");
		}
		need(cl_key_generate(&key) == CL_KEY_OK && cl_key_public(key, public_key) == CL_KEY_OK);
		cl_vkey_format("w", CL_NOTE_COSIGNATURE, public_key, vkey);
		cl_put(&b, line, (size_t) snprintf(line, sizeof(line), "witness w%d %s\n", n, vkey));
		cl_key_free(key);
	}
	ok(!cl_policy_parse(text, b.len, &policy, &wrong) && strcmp(wrong.message, "too many keys") == 0, "one more is refused");
	b.len = 0;
	cl_put_string(&b, "quorum none\n");
	while (b.len < CL_POLICY_TEXT_MAX)
		cl_put_char(&b, '\n');
	ok(cl_policy_parse(text, b.len, &policy, &wrong), "as long a text as may be");
	cl_put_char(&b, '\n');
	ok(!cl_policy_parse(text, b.len, &policy, &wrong) && strcmp(wrong.message, "the policy is too long") == 0, "a longer one is refused");
	free(text);
}

static cl_policy_result result;
static cl_checkpoint checkpoint;

/*
 * Check the note of the ledger's checkpoint with these cosignatures: a list of
 * witness and time.
 */
static cl_policy_status
check(const char *text, size_t size, const uint64_t (*cosignatures)[2], size_t n)
{
	char		note[TEST_NOTE_MAX];
	size_t		len = test_checkpoint(&ledger, size, note);

	need(parse(text));
	for (size_t i = 0; i < n; i++)
		len = test_cosign(&ledger, (int) cosignatures[i][0], cosignatures[i][1], note, len);
	return cl_policy_check(&policy, note, len, &checkpoint, &result);
}

static void
test_quorums(void)
{
	static const uint64_t all[][2] = {{0, 1700000300}, {1, 1700000100}, {2, 1700000200}};
	static const uint64_t twice[][2] = {{0, 1700000300}, {0, 1700000050}};

	ok(check("log $L\nquorum none\n", 3, NULL, 0) == CL_POLICY_OK && checkpoint.size == 3, "no quorum needs no cosignature");
	ok(!result.has_time && result.cosigned == 0 && result.log == &policy.logs[0], "and says nothing about time");
	ok(check(THREE "quorum a\n", 3, NULL, 0) == CL_POLICY_NO_QUORUM && checkpoint.size == 3, "a witness is missing");
	ok(check(THREE "quorum a\n", 3, all, 1) == CL_POLICY_OK && result.has_time && result.time == 1700000300, "and here it is");
	ok(check(THREE "quorum b\n", 3, all, 1) == CL_POLICY_NO_QUORUM && result.cosigned == 1, "another witness does not stand in for it");
	ok(check(THREE "quorum none\n", 3, all, 3) == CL_POLICY_OK && result.cosigned == 3 && !result.has_time, "cosignatures that nobody asked for are counted");
	ok(check(THREE "group g 2 a b c\nquorum g\n", 3, all, 1) == CL_POLICY_NO_QUORUM, "one of two");
	ok(check(THREE "group g 2 a b c\nquorum g\n", 3, all, 2) == CL_POLICY_OK && result.time == 1700000300, "two of three, by the later of them");
	ok(check(THREE "group g 2 a b c\nquorum g\n", 3, all, 3) == CL_POLICY_OK && result.time == 1700000200, "with all three, two had cosigned earlier");
	ok(check(THREE "group g any a b c\nquorum g\n", 3, all, 3) == CL_POLICY_OK && result.time == 1700000100, "any: the earliest");
	ok(check(THREE "group g all a b c\nquorum g\n", 3, all, 3) == CL_POLICY_OK && result.time == 1700000300, "all: the latest");
	ok(check(THREE "group g 2 a b c\nquorum g\n", 3, twice, 2) == CL_POLICY_NO_QUORUM && result.cosigned == 1, "one witness twice is one witness");
	ok(check(THREE "quorum a\n", 3, twice, 2) == CL_POLICY_OK && result.time == 1700000050, "whose earlier time counts");
	ok(check(THREE "group ab any a b\ngroup both all ab c\nquorum both\n", 3, all, 2) == CL_POLICY_NO_QUORUM, "a group of groups lacks one");
	ok(check(THREE "group ab any a b\ngroup both all ab c\nquorum both\n", 3, all, 3) == CL_POLICY_OK && result.time == 1700000200, "and has both");
}

static void
test_refused(void)
{
	static const uint64_t all[][2] = {{0, 1700000300}};
	test_ledger other;
	char		note[TEST_NOTE_MAX];
	size_t		len;
	int			accepted = 0;

	test_ledger_begin(&other);
	test_ledger_seal(&other, CL_SEAL_CHOICES, "choices", 1, NULL);
	ok(check("witness a $1\nquorum a\n", 1, all, 1) == CL_POLICY_UNKNOWN_LOG, "no key is for the log");
	len = test_checkpoint(&other, 1, note);
	need(parse(THREE "quorum none\n"));
	ok(cl_policy_check(&policy, note, len, &checkpoint, &result) == CL_POLICY_UNSIGNED, "signed by another key of that name");
	len = test_checkpoint(&ledger, 1, note);
	other.witnesses[0].verifier.id = ledger.witnesses[0].verifier.id;
	len = test_cosign(&ledger, 0, 1700000000, note, len);
	need(parse(THREE "quorum none\n"));
	for (size_t i = 0; i < len; i++)
	{
		note[i] ^= 1;
		accepted += cl_policy_check(&policy, note, len, &checkpoint, &result) == CL_POLICY_OK && result.cosigned == 1;
		note[i] ^= 1;
	}
	ok(accepted == 0, "no checkpoint with a bit changed passes");
	need(cl_policy_check(&policy, note, len, &checkpoint, &result) == CL_POLICY_OK);
	policy.witnesses[0] = other.witnesses[0].verifier;
	memcpy(policy.witnesses[0].name, "w1.example", 11);
	ok(cl_policy_check(&policy, note, len, &checkpoint, &result) == CL_POLICY_FORGED && result.cosigned == 0,
	   "a forged cosignature spoils the note, also where none is needed");
	ok(cl_policy_check(&policy, "x", 1, &checkpoint, &result) == CL_POLICY_MALFORMED, "no note");
	len = test_sign(&ledger, TEST_ORIGIN "\n1\n", strlen(TEST_ORIGIN "\n1\n"), note);
	ok(cl_policy_check(&policy, note, len, &checkpoint, &result) == CL_POLICY_MALFORMED, "no checkpoint");
	ok(strstr(cl_policy_message(CL_POLICY_NO_QUORUM), "cosignatures") != NULL, "each status has its sentence");
	test_ledger_end(&other);
}

int
main(void)
{
	test_ledger_begin(&ledger);
	for (int i = 0; i < 5; i++)
		test_ledger_seal(&ledger, CL_SEAL_CHOICES, "choices", 1, NULL);
	test_vkey(&ledger.log, log_vkey);
	for (int i = 0; i < TEST_WITNESSES; i++)
		test_vkey(&ledger.witnesses[i], w[i]);
	test_good();
	test_bad();
	test_unsafe();
	test_limits();
	test_quorums();
	test_refused();
	test_ledger_end(&ledger);
	return done_testing();
}
