/*
 * choice.c
 *		The consent value: text, order, merge and packed form.
 */
#include "core/choice.h"

#include <stdlib.h>

#include "tap.h"

#define MAX 64
#define T1 "@2024-01-01T00:00:00Z"
#define T2 "@2024-02-01T00:00:00Z"

/* Texts that are read, and what they become. */
static const struct
{
	const char *text;
	const char *canonical;
}			good[] =
{
	{"", ""},
	{" \t\r\n ", ""},
	{"+a", "+a"},
	{" -a.b_1.c9 ", "-a.b_1.c9"},
	{"~a until 2025-01-01 00:00+01", "~a until 2024-12-31T23:00:00Z"},
	{"+b,+a", "+a, +b"},
	{"+a\t,\n-b", "+a, -b"},
	{"+a.b, +a_b, +ab, +a", "+a, +a.b, +a_b, +ab"},
	{"+a@2024-10-02 11:00:00.5+02", "+a@2024-10-02T09:00:00.500000Z"},
	{"+a for [,)", "+a"},
	{"+a for [ 2024-01-01T00:00Z , )", "+a for [2024-01-01T00:00:00Z,)"},
	{"+a for [,2024-01-01T00:00Z)", "+a for [,2024-01-01T00:00:00Z)"},
	{"+a for [2024-01-01T00:00Z,), +a, +a for [,2024-01-01T00:00Z), +a for [2024-01-01T00:00Z,2025-01-01T00:00Z)",
		"+a for [,2024-01-01T00:00:00Z), +a, +a for [2024-01-01T00:00:00Z,2025-01-01T00:00:00Z), +a for [2024-01-01T00:00:00Z,)"},
	{"+a as granted", "+a as granted"},
	{"+a as reaffirmed", "+a as reaffirmed"},
	{"+a as signalled", "+a as signalled"},
	{"-a as signalled", "-a as signalled"},
	{"-a as refused", "-a as refused"},
	{"-a as withdrawn", "-a as withdrawn"},
	{"-a as objected", "-a as objected"},
	{"-a as opted_out", "-a as opted_out"},
	{"-a as revoked", "-a as revoked"},
	{"-a as invalidated", "-a as invalidated"},
	{"+a under n/1", "+a under n/1"},
	{"+a  until  9999-12-31T23:59:59.999999Z  for  [0001-01-01T00:00:00Z,)  as  granted  under  d\xC3\xBC/v/1:[)@+",
		"+a until 9999-12-31T23:59:59.999999Z for [0001-01-01T00:00:00Z,) as granted under d\xC3\xBC/v/1:[)@+"},
	{"+until until 2024-01-01T00:00:00Z, +as as granted, +for for [,2024-01-01T00:00:00Z), +under under as/as",
		"+as as granted, +for for [,2024-01-01T00:00:00Z), +under under as/as, +until until 2024-01-01T00:00:00Z"},
	{"+a23456789012345678901234567890123456789012345678901234567890123",
		"+a23456789012345678901234567890123456789012345678901234567890123"},
};

/* Texts that are refused, and at which byte, counted from 0. */
static const struct
{
	const char *text;
	size_t		offset;
	const char *message;
}			bad[] =
{
	{"a", 0, "a choice begins with +, - or ~"},
	{",", 0, "a choice begins with +, - or ~"},
	{"+a,", 3, "a choice begins with +, - or ~"},
	{"+a, ", 4, "a choice begins with +, - or ~"},
	{"+a,,+b", 3, "a choice begins with +, - or ~"},
	{"+", 1, "malformed purpose"},
	{"+ a", 1, "malformed purpose"},
	{"+A", 1, "malformed purpose"},
	{"+1a", 1, "malformed purpose"},
	{"+_a", 1, "malformed purpose"},
	{"+a.", 1, "malformed purpose"},
	{"+.a", 1, "malformed purpose"},
	{"+a..b", 1, "malformed purpose"},
	{"+a.1", 1, "malformed purpose"},
	{"+a-b", 1, "malformed purpose"},
	{"+\xC3\xA9t\xC3\xA9", 1, "malformed purpose"},
	{"++a", 1, "malformed purpose"},
	{"+a;+b", 1, "malformed purpose"},
	{"+a234567890123456789012345678901234567890123456789012345678901234", 1, "purpose is too long"},
	{"+a -b", 3, "unexpected text after a choice"},
	{"+a b", 3, "unexpected text after a choice"},
	{"+a untilx", 3, "unexpected text after a choice"},
	{"+a UNTIL 2024-01-01T00:00Z", 3, "unexpected text after a choice"},
	{"+a @2024-01-01T00:00Z", 3, "unexpected text after a choice"},
	{"+a as granted until 2024-01-01T00:00Z", 14, "unexpected text after a choice"},
	{"+a under n/1 as granted", 13, "unexpected text after a choice"},
	{"+a as granted as granted", 14, "unexpected text after a choice"},
	{"+a@", 3, "malformed instant"},
	{"+a@2024", 3, "malformed instant"},
	{"+a@ 2024-01-01T00:00Z", 3, "malformed instant"},
	{"+a@2024-01-01T00:00", 3, "malformed instant"},
	{"+a@2024-01-01T00:00Zx", 3, "malformed instant"},
	{"+a@2024-01-01T00:00Z@2024-01-01T00:00Z", 3, "malformed instant"},
	{"+a@0044-03-15T12:00:00Z BC", 24, "unexpected text after a choice"},
	{"+a@infinity", 3, "infinity is not an instant"},
	{"+a@-infinity", 3, "infinity is not an instant"},
	{"+a until", 8, "malformed instant"},
	{"+a until infinity", 9, "infinity is not an instant"},
	{"-a until 2024-01-01T00:00Z", 9, "a refusal has no until"},
	{"+a for", 6, "malformed data range"},
	{"+a for (,)", 7, "malformed data range"},
	{"+a for [,]", 9, "malformed instant"},
	{"+a for []", 8, "malformed instant"},
	{"+a for [", 8, "malformed instant"},
	{"+a for [,", 9, "malformed instant"},
	{"+a for [2024-01-01T00:00Z", 25, "malformed data range"},
	{"+a for [2024-01-01T00:00Z)", 25, "malformed data range"},
	{"+a for [,2024-01-01T00:00Z", 26, "malformed data range"},
	{"+a for [-infinity,)", 8, "infinity is not an instant"},
	{"+a for [2024-01-01T00:00Z,2024-01-01T00:00Z)", 7, "data range is empty"},
	{"+a for [2024-01-02T00:00Z,2024-01-01T00:00Z)", 7, "data range is empty"},
	{"+a for empty", 7, "malformed data range"},
	{"~a as granted", 6, "a preset is never an act"},
	{"+a as", 5, "unknown act"},
	{"+a as yes", 6, "unknown act"},
	{"+a as Granted", 6, "unknown act"},
	{"+a as refused", 6, "act does not fit the stance"},
	{"-a as granted", 6, "act does not fit the stance"},
	{"+a under", 8, "malformed notice"},
	{"+a under n", 9, "malformed notice"},
	{"+a under /1", 9, "malformed notice"},
	{"+a under n/", 9, "malformed notice"},
	{"+a under n/\x01", 9, "malformed notice"},
	{"+a under n/\x7F", 9, "malformed notice"},
	{"+a under n/\xC2\x85", 9, "malformed notice"},
	{"+a under n/\xE2\x80\x83" "1", 9, "malformed notice"},
	{"+a under n/\xC3", 9, "malformed notice"},
	{"+a under n/\xC0\xAF", 9, "malformed notice"},
	{"+a under n/\xED\xA0\x80", 9, "malformed notice"},
	{"+a under n/\xF4\x90\x80\x80", 9, "malformed notice"},
	{"+a under n/\xFF", 9, "malformed notice"},
};

/* Pairs under one key: the first counts. */
static const struct
{
	const char *winner;
	const char *loser;
	const char *why;
}			merges[] =
{
	{"-a", "~a" T2, "an act beats a preset"},
	{"+a" T1, "~a" T2, "also a later preset"},
	{"+a" T2, "-a" T1, "the later beats the earlier"},
	{"-a" T2, "+a" T1, "either way"},
	{"~a" T2, "~a" T1, "among presets too"},
	{"+a" T1, "+a", "without an instant is older than with one"},
	{"+a@0001-01-01T00:00:00Z", "-a", "any instant"},
	{"-a" T1, "+a" T1, "at the same instant the refusal"},
	{"-a", "+a", "also where no instant is stated"},
	{"+a" T1 " until 2024-03-01T00:00:00Z", "+a" T1, "then the one that ends"},
	{"+a" T1 " until 2024-03-01T00:00:00Z", "+a" T1 " until 2024-03-01T00:00:01Z", "sooner"},
	{"+a", "+a as granted", "then the bytewise smaller text: none"},
	{"+a as granted", "+a as reaffirmed", "then the act"},
	{"-a as invalidated", "-a as objected", "by its name"},
	{"+a as granted", "+a as granted under n/1", "the shorter"},
	{"+a as granted under n/1", "+a as granted under n/2", "the notice"},
	{"+a as granted under n/2", "+a under n/1", "' as' is less than ' under'"},
	{"+a", "+a under n/1", "no notice is less than one"},
	{"-a as opted_out", "-a under n/1", "' as' is less than ' under', for refusals too"},
};

static size_t
parse(const char *text, cl_choice *choices)
{
	cl_choice_error err;
	int			n = cl_choices_parse(text, strlen(text), choices, MAX, &err);

	return n < 0 ? 0 : cl_choices_normalize(choices, n);
}

/* Parse, normalize and write again, on the heap so that the sanitizer sees every byte. */
static char *
canonical(const char *text)
{
	size_t		len = strlen(text);
	char	   *copy = malloc(len + 1);
	cl_choice	choices[MAX];
	cl_choice_error err = {0};
	char	   *out;
	int			n;

	memcpy(copy, text, len);
	n = cl_choices_parse(copy, len, choices, MAX, &err);
	if (n < 0)
	{
		free(copy);
		return strdup(err.message);
	}
	n = (int) cl_choices_normalize(choices, n);
	out = malloc(cl_choices_text_size(choices, n) + 1);
	cl_choices_text(choices, n, out);
	free(copy);
	return out;
}

static void
test_good(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		char	   *once = canonical(good[i].text);
		char	   *twice = canonical(once);

		is_string(once, good[i].canonical, good[i].text[0] ? good[i].canonical : "nothing");
		ok(strcmp(once, twice) == 0, "which stays as it is");
		free(once);
		free(twice);
	}
}

static void
test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		cl_choice	choices[MAX];
		cl_choice_error err = {0};
		size_t		len = strlen(bad[i].text);
		char	   *copy = malloc(len ? len : 1);
		int			n;

		memcpy(copy, bad[i].text, len);
		n = cl_choices_parse(copy, len, choices, MAX, &err);
		if (!ok(n == -1 && err.offset == bad[i].offset &&
				strcmp(err.message, bad[i].message) == 0,
				"refused at byte %zu: %s", bad[i].offset, bad[i].message))
			printf("# %s: got %d, %zu, %s\n", bad[i].text, n, err.offset, n < 0 ? err.message : "");
		free(copy);
	}
}

static void
test_limits(void)
{
	cl_choice	choices[2];
	cl_choice_error err = {0};
	char		notice[CL_NOTICE_MAX + 2];

	memset(notice, 'n', sizeof(notice));
	notice[1] = '/';
	ok(cl_notice_valid(notice, CL_NOTICE_MAX), "a notice of 255 bytes");
	ok(!cl_notice_valid(notice, CL_NOTICE_MAX + 1), "not of 256");
	ok(cl_choices_parse("+a, +b, +c", 10, choices, 2, &err) == -1 && err.offset == 8,
	   "more choices than there is room for");
	ok(cl_choices_bound("+a, +b, +c", 10) == 3, "commas bound the number of choices");
	ok(cl_choices_bound("", 0) == 1, "at least one");
	ok(cl_purpose_within_dotted("a.b", 3, "a", 1), "a.b lies within a");
	ok(cl_purpose_within_dotted("a", 1, "a", 1), "a within itself");
	ok(!cl_purpose_within_dotted("ab", 2, "a", 1), "ab does not lie within a");
	ok(!cl_purpose_within_dotted("a", 1, "a.b", 3), "nor a within a.b");
}

static void
test_merge(void)
{
	for (size_t i = 0; i < sizeof(merges) / sizeof(merges[0]); i++)
	{
		char		both[200];
		char	   *merged;
		cl_choice	w,
					l;

		parse(merges[i].winner, &w);
		parse(merges[i].loser, &l);
		ok(cl_choice_beats(&w, &l) && !cl_choice_beats(&l, &w), "%s", merges[i].why);
		snprintf(both, sizeof(both), "%s, %s, %s", merges[i].loser, merges[i].winner, merges[i].loser);
		merged = canonical(both);
		is_string(merged, merges[i].winner, "in a text");
		free(merged);
	}
}

static const char *
pick(const char *const *from, int n)
{
	return from[rand() % n];
}

/* One of about ten thousand choices, many of them under the same key. */
static void
random_choice(char *out, size_t size)
{
	static const char *const purposes[] = {"a", "a.b", "b"};
	static const char *const since[] = {"", T1, T2};
	static const char *const until[] = {"", "", " until 2024-03-01T00:00:00Z"};
	static const char *const ranges[] = {"", "", " for [2024-01-01T00:00:00Z,)", " for [,2024-01-01T00:00:00Z)"};
	static const char *const notices[] = {"", " under n/1", " under n/2"};
	static const char *const yes[] = {"", " as granted", " as signalled"};
	static const char *const no[] = {"", " as refused", " as signalled", " as revoked"};
	char		stance = "+-~"[rand() % 3];

	snprintf(out, size, "%c%s%s%s%s%s%s", stance, pick(purposes, 3), pick(since, 3),
			 stance == '-' ? "" : pick(until, 3), pick(ranges, 4),
			 stance == '+' ? pick(yes, 3) : stance == '-' ? pick(no, 4) : "",
			 pick(notices, 3));
}

/* Between choices of one key exactly one counts, as their texts break the tie. */
static void
test_beats_is_total(void)
{
	int			wrong = 0;

	for (int i = 0; i < 200000; i++)
	{
		char		ta[200],
					tb[200];
		cl_choice	a,
					b;
		int			tie;

		random_choice(ta, sizeof(ta));
		random_choice(tb, sizeof(tb));
		parse(ta, &a);
		parse(tb, &b);
		if (cl_choice_key_compare(&a, &b) != 0)
			continue;
		wrong += cl_choice_beats(&a, &b) + cl_choice_beats(&b, &a) != (strcmp(ta, tb) != 0);
		tie = a.stance == b.stance && a.since == b.since && a.until == b.until;
		wrong += tie && cl_choice_beats(&a, &b) != (strcmp(ta, tb) < 0);
		wrong += (cl_choice_compare(&a, &b) == 0) != (strcmp(ta, tb) == 0);
	}
	ok(wrong == 0, "of two choices under one key exactly one counts; the smaller text breaks ties");
}

static char *
merge_texts(const char *a, const char *b)
{
	char		both[4000];

	snprintf(both, sizeof(both), "%s%s%s", a, *a && *b ? ", " : "", b);
	return canonical(both);
}

static char *
random_value(void)
{
	char		text[2000] = "";
	int			n = rand() % 5;

	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			strcat(text, ",");
		random_choice(text + strlen(text), 200);
	}
	return canonical(text);
}

/* Merging is associative, commutative and idempotent. */
static void
test_lattice(void)
{
	int			wrong = 0;

	for (int i = 0; i < 20000; i++)
	{
		char	   *v[3] = {random_value(), random_value(), random_value()};
		char	   *ab = merge_texts(v[0], v[1]);
		char	   *ba = merge_texts(v[1], v[0]);
		char	   *bc = merge_texts(v[1], v[2]);
		char	   *ab_c = merge_texts(ab, v[2]);
		char	   *a_bc = merge_texts(v[0], bc);
		char	   *aa = merge_texts(v[0], v[0]);

		wrong += strcmp(ab, ba) != 0 || strcmp(ab_c, a_bc) != 0 || strcmp(aa, v[0]) != 0;
		for (int k = 0; k < 3; k++)
			free(v[k]);
		free(ab);
		free(ba);
		free(bc);
		free(ab_c);
		free(a_bc);
		free(aa);
	}
	ok(wrong == 0, "merging is associative, commutative and idempotent");
}

/* Pack into a block of its own; *size bytes. */
static char *
pack(const char *text, size_t *size)
{
	cl_choice	choices[MAX];
	size_t		n = parse(text, choices);
	char	   *packed;

	*size = cl_choices_packed_size(choices, n);
	packed = malloc(*size);
	if (cl_choices_pack(choices, n, packed) != *size || cl_packed_count(packed) != (int) n)
		*size = 0;
	return packed;
}

/* What a packed value says; NULL if it is refused. */
static char *
unpack(const char *packed, size_t size, cl_choice_error *err)
{
	cl_choice	choices[MAX];
	size_t		n = 0;
	size_t		pos = CL_PACKED_HEADER;
	char	   *out;

	if (!cl_packed_check(packed, size, err))
		return NULL;
	while (n < MAX && cl_packed_next(packed, size, &pos, &choices[n]))
		n++;
	out = malloc(cl_choices_text_size(choices, n) + 1);
	cl_choices_text(choices, n, out);
	return out;
}

static void
test_packed(void)
{
	int			wrong = 0;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		cl_choice_error err = {0};
		size_t		size;
		char	   *packed = pack(good[i].text, &size);
		char	   *text = unpack(packed, size, &err);

		wrong += text == NULL || strcmp(text, good[i].canonical) != 0;
		free(packed);
		free(text);
	}
	ok(wrong == 0, "values are packed and unpacked");
}

static void
refused(const char *packed, size_t size, const char *message, size_t offset)
{
	cl_choice_error err = {0};
	char	   *copy = malloc(size ? size : 1);

	memcpy(copy, packed, size);
	if (!ok(!cl_packed_check(copy, size, &err) && strcmp(err.message, message) == 0 &&
			err.offset == offset, "packed: %s", message))
		printf("# got %s at %zu\n", err.message ? err.message : "no error", err.offset);
	free(copy);
}

/* One choice '+a' with this head, act and instants. */
#define ONE(head, act, instants) "\1\1\0" head act "\1\0" instants "a", 8 + sizeof(instants) - 1

static void
test_packed_bad(void)
{
	refused("", 0, "value is cut off", 0);
	refused("\1\0", 2, "value is cut off", 0);
	refused("\0\0\0", 3, "unknown version", 0);
	refused("\2\0\0", 3, "unknown version", 0);
	refused("\1\1\0", 3, "number of choices does not match", 1);
	refused("\1\0\0\0\0\1\0a", 8, "number of choices does not match", 1);
	refused("\1\1\0\0", 4, "choice is cut off", 3);
	refused("\1\1\0\0\0\1\0", 7, "choice is cut off", 3);
	refused("\1\1\0\0\0\1\0ab", 9, "choice is cut off", 8);
	refused("\1\1\0\0\0\0\0", 7, "malformed purpose", 3);
	refused("\1\1\0\0\0\1\0A", 8, "malformed purpose", 3);
	refused("\1\2\0\0\0\1\0a\0\0\1\0a", 13, "choices are not in order", 8);
	refused("\1\2\0\0\0\1\0b\0\0\1\0a", 13, "choices are not in order", 8);
	refused("\1\1\0\0\0\1\1ax", 9, "malformed notice", 3);
	refused(ONE("\3", "\0", ""), "unknown bits in a choice", 3);
	refused(ONE("\100", "\0", ""), "unknown bits in a choice", 3);
	refused(ONE("\200", "\0", ""), "unknown bits in a choice", 3);
	refused(ONE("\0", "\12", ""), "unknown act", 3);
	refused(ONE("\0", "\3", ""), "act does not fit the stance", 3);
	refused(ONE("\2", "\1", ""), "a preset is never an act", 3);
	refused(ONE("\4", "\0", "\0\0\0\0\0\0\0\200"), "instant out of range", 3);
	refused(ONE("\4", "\0", "\377\377\377\377\377\377\377\177"), "since lies outside the years 0001 to 9999", 3);
	refused(ONE("\10", "\0", "\377\377\377\377\377\377\377\177"), "instant out of range", 3);
	refused(ONE("\10", "\0", "\0\0\0\0\0\0\0\200"), "until lies outside the years 0001 to 9999", 3);
	refused(ONE("\11", "\0", "\0\0\0\0\0\0\0\0"), "a refusal has no until", 3);
	refused(ONE("\20", "\0", "\0\0\0\0\0\0\0\200"), "instant out of range", 3);
	refused(ONE("\20", "\0", "\0\0\0\0\0\0\0\100"), "data range lies outside the years 0001 to 9999", 3);
	refused(ONE("\60", "\0", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "data range is empty", 3);
}

/* Change every byte of some values to everything: refused, or another value. */
static void
test_packed_corrupted(void)
{
	static const char text[] = "+a" T1 " until 2025-01-01T00:00:00Z for [2024-01-01T00:00:00Z,2025-01-01T00:00:00Z) as granted under n/1, -b as revoked, ~c";
	size_t		size;
	char	   *packed = pack(text, &size);
	int			wrong = 0;

	for (size_t i = 0; i < size; i++)
		for (int flip = 1; flip < 256; flip++)
		{
			cl_choice_error err = {0};
			char	   *other;

			packed[i] ^= (char) flip;
			other = unpack(packed, size, &err);
			if (other != NULL)
			{
				size_t		again_size;
				char	   *again = pack(other, &again_size);

				wrong += again_size != size || memcmp(again, packed, size) != 0;
				free(again);
			}
			else
				wrong += err.message == NULL || err.offset > size;
			free(other);
			packed[i] ^= (char) flip;
		}
	ok(wrong == 0, "a changed byte is refused or makes another value, packed the same way");
	wrong = 0;
	for (size_t n = 0; n < size; n++)
	{
		cl_choice_error err = {0};
		char	   *cut = malloc(n ? n : 1);

		memcpy(cut, packed, n);
		wrong += cl_packed_check(cut, n, &err);
		free(cut);
	}
	ok(wrong == 0, "what is cut off is refused");
	free(packed);
}

static void
test_check(void)
{
	cl_choice	c;

	parse("+a", &c);
	ok(cl_choice_check(&c) == NULL, "a sound choice");
	c.has_range = true;
	is_string(cl_choice_check(&c), "data range says nothing", "a range without bounds");
	c.from = 5;
	ok(cl_choice_check(&c) == NULL, "a range with one");
	c.to = 5;
	is_string(cl_choice_check(&c), "data range is empty", "an empty range");
	parse("+a", &c);
	c.stance = '*';
	is_string(cl_choice_check(&c), "unknown stance", "a stance of its own");
	ok(cl_act_name(CL_ACT_NONE) == NULL, "no act has no name");
}

int
main(void)
{
	srand(20240918);
	test_good();
	test_bad();
	test_limits();
	test_merge();
	test_beats_is_total();
	test_lattice();
	test_packed();
	test_packed_bad();
	test_packed_corrupted();
	test_check();
	return done_testing();
}
