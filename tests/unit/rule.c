/*
 * rule.c
 *		The rule, sentence by sentence.
 *
 * What is asked: may a row collected at 5 be used for purpose p, at 10?  p
 * stands under up and side, and both of these under top.  Choices are written
 * as in consent values, with small numbers for instants and the scope before:
 *
 *		table -up@3		for [2,6)
 */
#include "core/rule.h"

#include <stdlib.h>

#include "tap.h"

#define MAX 12
#define AT 10
#define COLLECTED 5
#define NOT_COLLECTED CL_INSTANT_NONE

static const char *const purposes[] = {"p", "up", "side", "top"};

/* Row lies within column. */
static const bool within_table[4][4] = {
	{true, true, true, true},
	{false, true, false, true},
	{false, false, true, true},
	{false, false, false, true},
};

static bool
within(const void *dag, int32_t a, int32_t b)
{
	return ((const bool (*)[4]) dag)[a][b];
}

static cl_instant
read_number(const char **s, cl_instant absent)
{
	char	   *end;
	long		n = strtol(*s, &end, 10);

	if (end == *s)
		return absent;
	*s = end;
	return n;
}

static bool
take(const char **s, const char *word)
{
	if (strncmp(*s, word, strlen(word)) != 0)
		return false;
	*s += strlen(word);
	return true;
}

/* Read one choice; the tests are ours, so what is wrong is a bug here. */
static void
read_item(const char **s, cl_rule_item *item)
{
	memset(item, 0, sizeof(*item));
	item->scope = take(s, "row ") ? 2 : take(s, "table ") ? 1 : 0;
	item->stance = *(*s)++;
	for (int i = 3; i >= 0; i--)
		if (take(s, purposes[i]))
		{
			item->purpose = i;
			break;
		}
	item->since = take(s, "@") ? read_number(s, 0) : CL_INSTANT_NONE;
	item->until = take(s, " until ") ? read_number(s, 0) : CL_INSTANT_OPEN;
	item->from = CL_INSTANT_NONE;
	item->to = CL_INSTANT_OPEN;
	if (take(s, " for ["))
	{
		item->has_range = true;
		item->from = read_number(s, CL_INSTANT_NONE);
		take(s, ",");
		item->to = read_number(s, CL_INSTANT_OPEN);
		take(s, ")");
	}
	if (**s != '\0' && !take(s, ", "))
		abort();
}

static int
read_items(const char *s, cl_rule_item *items)
{
	int			n = 0;

	while (*s != '\0')
		read_item(&s, &items[n++]);
	return n;
}

static cl_verdict
decide_at(cl_instant at, cl_instant collected, const char *choices, int *decided_by)
{
	cl_rule_item items[MAX];
	cl_rule_question q = {
		.at = at,
		.has_collected = collected != NOT_COLLECTED,
		.collected = collected,
		.within = within,
		.dag = within_table
	};

	return cl_rule_decide(&q, items, read_items(choices, items), decided_by);
}

static void
expect_at(cl_instant at, cl_instant collected, cl_verdict v, const char *choices, const char *why)
{
	cl_verdict	got = decide_at(at, collected, choices, NULL);

	if (!ok(got == v, "%s: %s", cl_verdict_name(v), why))
		printf("# %s: got %s\n", choices, cl_verdict_name(got));
}

static void
expect(cl_verdict v, const char *choices, const char *why)
{
	expect_at(AT, COLLECTED, v, choices, why);
}

static void
test_covers(void)
{
	expect(CL_UNKNOWN, "", "nobody said anything");
	expect(CL_GRANTED, "+p@1", "a yes for the purpose itself");
	expect(CL_GRANTED, "+up@1", "for its parent");
	expect(CL_GRANTED, "+top@1", "for an ancestor further up");
	expect(CL_GRANTED, "table +p@1", "about the table");
	expect(CL_GRANTED, "row +p@1", "about this very row");
	expect(CL_GRANTED, "+p", "without an instant");
	expect(CL_DENIED, "-p@1", "a no for the purpose itself");
	expect(CL_DENIED, "-top@1", "for an ancestor");
	expect(CL_DENIED, "row -p@1", "about this very row");
	expect(CL_GRANTED, "+p@1 for [5,6)", "a data range holds its lower bound");
	expect(CL_OUTSIDE_DATA_PERIOD, "+p@1 for [4,5)", "but not its upper bound");
	expect(CL_GRANTED, "+p@1 for [,6)", "open below");
	expect(CL_GRANTED, "+p@1 for [5,)", "open above");
	expect(CL_DENIED, "-p@1 for [5,6)", "a refusal with a data range covers");
	expect(CL_UNKNOWN, "-p@1 for [6,)", "or does not");
	expect_at(AT, NOT_COLLECTED, CL_OUTSIDE_DATA_PERIOD, "+p@1 for [,100)", "a data range covers no row of unknown age");
	expect_at(AT, NOT_COLLECTED, CL_UNKNOWN, "-p@1 for [,100)", "nor does a refusal's");
	expect_at(AT, NOT_COLLECTED, CL_UNKNOWN, "~p@1 for [,100)", "nor does a preset's");
	expect_at(AT, NOT_COLLECTED, CL_GRANTED, "+p@1", "without a data range any row is covered");
}

static void
test_in_force(void)
{
	expect(CL_GRANTED, "+p@1 until 11", "a grant in force");
	expect(CL_EXPIRED, "+p@1 until 10", "ends at its until: half open");
	expect(CL_EXPIRED, "+p@1 until 9", "has ended");
	expect_at(CL_INSTANT_OPEN, COLLECTED, CL_GRANTED, "+p@1", "what has no end is in force at the end of time");
	expect_at(CL_INSTANT_OPEN, COLLECTED, CL_EXPIRED, "+p@1 until 9", "what has one is not");
	expect_at(CL_INSTANT_NONE, COLLECTED, CL_GRANTED, "+p until 9", "before all time");
}

static void
test_lifting(void)
{
	expect(CL_GRANTED, "-p@1 for [1,9), +p@2 for [1,6)", "a later yes, as specific, lifts a no");
	expect(CL_DENIED, "-up@2, +p@1", "an earlier one does not");
	expect(CL_DENIED, "-up@2, +p@2", "at the same instant the no wins");
	expect(CL_DENIED, "-up, +p", "also where no instants are known");
	expect(CL_GRANTED, "-up, +p@1", "any instant is later than none");
	expect(CL_GRANTED, "-up@1, +p@2", "a narrower purpose");
	expect(CL_GRANTED, "-top@1, +up@2", "an ancestor narrower than another");
	expect(CL_DENIED, "-p@1, +up@2", "a general yes does not undo a specific no: purpose");
	expect(CL_DENIED, "-side@1, +up@2", "a purpose beside it is not within it");
	expect(CL_GRANTED, "-side@1, +p@2", "the common child is");
	expect(CL_GRANTED, "-p@1, table +p@2", "a narrower scope: table");
	expect(CL_GRANTED, "table -p@1, row +p@2", "row");
	expect(CL_DENIED, "table -p@1, +p@2", "a general yes does not undo a specific no: table");
	expect(CL_DENIED, "row -p@1, table +p@2", "row");
	expect(CL_DENIED, "table -p@1, +p@2 for [5,6)", "range narrower but scope wider");
	expect(CL_DENIED, "-p@1, row +up@2", "scope narrower but purpose wider");
	expect(CL_DENIED, "-p@1 for [4,7), +p@2", "a general yes does not undo a specific no: data range");
	expect(CL_DENIED, "-p@1 for [4,7), +p@2 for [4,)", "a range that reaches further");
	expect(CL_DENIED, "-p@1 for [4,7), +p@2 for [3,7)", "at either end");
	expect(CL_GRANTED, "-p@1 for [4,7), +p@2 for [5,7)", "a range within");
	expect(CL_GRANTED, "-up@1 for [4,7), +p@2 for [4,7)", "the same range");
	expect(CL_GRANTED, "-p@1, +p@2 for [5,6)", "a range within no range");
	expect(CL_DENIED, "-p@1, +p@2 for [6,7)", "a lifting yes must itself cover the row");
	expect(CL_DENIED, "+p@1, -up@2", "a later general no ends an earlier specific yes: purpose");
	expect(CL_DENIED, "row +p@1, -p@2", "scope");
	expect(CL_DENIED, "+p@1 for [4,7), -p@2", "data range");
	expect(CL_DENIED, "-up@1, +p@2 until 10", "when a temporary yes runs out, the no under it is back");
	expect(CL_GRANTED, "-up@1, +p@2 until 11", "before that it lifts");
	expect(CL_DENIED, "-up@1, ~p@2", "a preset lifts nothing");
	expect(CL_DENIED, "-top@1, -side@3, +p@2", "every no must be lifted");
	expect(CL_GRANTED, "-top@1, -side@3, +p@4", "by one");
	expect(CL_DENIED, "-up@1, -side@1, +up@2 for [5,6)", "each by its own");
	expect(CL_GRANTED, "-up@1, -side@1, +up@2 for [5,6), +side@2 for [5,6)", "as here");
}

static void
test_silencing(void)
{
	expect(CL_EXPIRED, "+p@1 until 9, +up@1", "a yes that ran out is not widened by a wider purpose");
	expect(CL_EXPIRED, "+p@1 until 9, +top@1", "by an ancestor further up");
	expect(CL_EXPIRED, "+p@1 until 9, +up@8", "not even by a later one");
	expect(CL_EXPIRED, "+p@8 until 9, +up@1", "nor by an earlier one");
	expect(CL_EXPIRED, "table +p@1 until 9, +p@1", "by a wider scope");
	expect(CL_EXPIRED, "row +p@1 until 9, table +up@1", "by both");
	expect(CL_OUTSIDE_DATA_PERIOD, "+p@1 for [6,), +up@1", "a yes whose range misses is not widened either");
	expect(CL_OUTSIDE_DATA_PERIOD, "row +p@1 for [6,), +p@1", "by scope");
	expect_at(AT, NOT_COLLECTED, CL_OUTSIDE_DATA_PERIOD, "+p@1 for [4,6), +up@1", "nor where the age is not known");
	expect(CL_GRANTED, "+p@1 for [6,), +p@1", "the same scope and purpose is not silenced");
	expect(CL_GRANTED, "+p@1 until 9 for [4,6), +p@1", "so another range may grant");
	expect(CL_GRANTED, "+up@1 until 9, +p@1", "what is narrower is not silenced");
	expect(CL_GRANTED, "+p@1 until 9, row +p@1", "in scope either");
	expect(CL_GRANTED, "+up@1 until 9, +side@1", "nor what lies beside");
	expect(CL_GRANTED, "table +up@1 until 9, +p@1", "nor where only the scope contains it");
	expect(CL_GRANTED, "+p@1 until 9, row +up@1", "nor where only the purpose does");
	expect(CL_EXPIRED, "+p@1 until 9, +up@1, +side@1, +top@1", "all that contain it are silent");
	expect(CL_GRANTED, "+up@1 until 9, +top@1, +side@1", "the others are not");
	expect(CL_DENIED, "-side@1, +p@2 until 9, +up@3", "what is silenced lifts no more than it could");
	expect(CL_GRANTED, "-p@1, +up@1, ~p@1 until 9, +p@3", "a preset that ran out silences nothing");
	expect(CL_GRANTED, "~p@1 until 9, +up@1", "indeed");
}

static void
test_without_grant(void)
{
	expect(CL_EXPIRED, "+p@1 until 9", "a yes that covers has run out");
	expect(CL_EXPIRED, "+p@1 until 9, +up@1 for [6,)", "which comes before the data range");
	expect(CL_OUTSIDE_DATA_PERIOD, "+p@1 for [6,)", "data collected before what was agreed");
	expect(CL_OUTSIDE_DATA_PERIOD, "+p@1 for [,5)", "or after");
	expect(CL_OUTSIDE_DATA_PERIOD, "+p@1 until 9 for [6,)", "both: the range misses");
	expect(CL_DENIED, "+p@1 until 9, -top@2", "a no comes first");
	expect(CL_DENIED, "+p@1 for [6,), -p@2", "in any case");
}

static void
test_presets(void)
{
	expect(CL_PRESET_ON, "~p@1", "switched on for the subject");
	expect(CL_PRESET_ON, "~top@1", "for an ancestor");
	expect(CL_PRESET_ON, "~p@1 until 11", "in force");
	expect(CL_UNKNOWN, "~p@1 until 10", "no longer");
	expect(CL_PRESET_ON, "~p@1 for [4,6)", "for this data");
	expect(CL_UNKNOWN, "~p@1 for [6,)", "for other data");
	expect(CL_DENIED, "~p@9, -top@1", "a preset never beats a no, however late and specific");
	expect(CL_GRANTED, "~p@9, +top@1", "nor a yes");
	expect(CL_EXPIRED, "~p@9, +top@1 until 9", "nor a yes that ran out");
	expect(CL_OUTSIDE_DATA_PERIOD, "~p@9, +top@1 for [6,)", "nor one about other data");
	expect(CL_EXPIRED, "~p@9, -top@1, +p@2 until 3, +up@4", "nor several acts");
	expect(CL_PRESET_ON, "~p@1, -p@2 for [6,)", "a no about other data leaves it");
}

static void
test_decided_by(void)
{
	static const struct
	{
		int			index;
		const char *choices;
	}			cases[] =
	{
		{-1, ""},
		{-1, "~p@1 until 5"},
		{0, "-p@1, +up@2"},
		{1, "-top@1, -side@3, +p@2"},
		{2, "-top@1, +up@2, -p@3"},
		{1, "-up@1, +p@2"},
		{1, "+p@1, +up@3, +top@2"},
		{0, "+p@1, +up@1"},
		{0, "+p@2 until 9, +up@3"},
		{1, "~p@9, +up@3 for [6,)"},
		{1, "~p@1, ~top@2"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int			index = 99;

		decide_at(AT, COLLECTED, cases[i].choices, &index);
		ok(index == cases[i].index, "\"%s\" is decided by number %d", cases[i].choices, cases[i].index);
	}
}

static void
random_item(cl_rule_item *item, char stance)
{
	memset(item, 0, sizeof(*item));
	item->stance = stance;
	item->scope = rand() % 3;
	item->purpose = rand() % 4;
	item->since = rand() % 6;
	item->until = stance == CL_REFUSAL || rand() % 2 ? CL_INSTANT_OPEN : 8 + rand() % 4;
	item->has_range = rand() % 2;
	item->from = item->has_range ? 3 + rand() % 3 : CL_INSTANT_NONE;
	item->to = item->has_range ? 5 + rand() % 3 : CL_INSTANT_OPEN;
}

/* Whatever was said: order does not matter, presets move only "unknown", a last no ends it. */
static void
test_properties(void)
{
	cl_rule_question q = {.at = AT, .has_collected = true, .collected = COLLECTED,
		.within = within, .dag = within_table};
	int			order = 0,
				preset = 0,
				refusal = 0,
				permission = 0;

	for (int i = 0; i < 200000; i++)
	{
		cl_rule_item items[MAX];
		int			n = rand() % 6;
		bool		any_grant = false;
		cl_verdict	v,
					w;

		for (int k = 0; k < n; k++)
		{
			random_item(&items[k], "+-~"[rand() % 3]);
			any_grant |= items[k].stance == CL_GRANT;
		}
		v = cl_rule_decide(&q, items, n, NULL);
		permission += v == CL_GRANTED && !any_grant;
		for (int k = 0; k < n / 2; k++)
		{
			cl_rule_item t = items[k];

			items[k] = items[n - 1 - k];
			items[n - 1 - k] = t;
		}
		order += cl_rule_decide(&q, items, n, NULL) != v;
		random_item(&items[n], CL_PRESET);
		w = cl_rule_decide(&q, items, n + 1, NULL);
		preset += w != v && !(v == CL_UNKNOWN && w == CL_PRESET_ON);
		random_item(&items[n], CL_REFUSAL);
		items[n].has_range = false;
		items[n].since = 9;
		refusal += cl_rule_decide(&q, items, n + 1, NULL) != CL_DENIED;
	}
	ok(order == 0, "the order of the choices does not matter");
	ok(preset == 0, "one more preset changes nothing but unknown");
	ok(refusal == 0, "a last no that covers the row is the last word");
	ok(permission == 0, "nothing is granted without a grant");
}

static void
test_verdicts(void)
{
	static const char *const names[CL_VERDICTS] = {
		"granted", "preset", "unknown", "outside_data_period", "expired", "denied"
	};

	for (int v = 0; v < CL_VERDICTS; v++)
	{
		is_string(cl_verdict_name((cl_verdict) v), names[v], names[v]);
		ok(cl_verdict_permits((cl_verdict) v, false) == (v == 0), "under opt_in");
		ok(cl_verdict_permits((cl_verdict) v, true) == (v <= 2), "under opt_out");
	}
}

int
main(void)
{
	srand(20240918);
	test_covers();
	test_in_force();
	test_lifting();
	test_silencing();
	test_without_grant();
	test_presets();
	test_decided_by();
	test_properties();
	test_verdicts();
	return done_testing();
}
