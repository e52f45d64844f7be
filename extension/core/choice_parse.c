/*
 * choice_parse.c
 *		Read the text of a consent value.
 *
 * A recursive descent over the grammar of the type, one function a rule.  It
 * takes more white space than the canonical form has, and nothing else.
 * Nothing is read beyond the given length; strings stay where they are.
 */
#include "core/choice.h"

#include <string.h>

#define HINT_CHOICE "Write a choice as +purpose, -purpose or ~purpose, then @instant, until, for, as and under, in this order, each of them optional."
#define HINT_INFINITY "Leave out what has no bound."

typedef struct parser
{
	const char *text;
	size_t		len;
	size_t		pos;
	cl_choice_error *err;
} parser;

static bool
fail_at(parser *p, size_t offset, const char *message, const char *hint)
{
	p->err->message = message;
	p->err->hint = hint;
	p->err->offset = offset;
	return false;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
at_end(const parser *p)
{
	return p->pos >= p->len;
}

/* Skip white space; true if there was any. */
static bool
skip_space(parser *p)
{
	size_t		start = p->pos;

	while (!at_end(p) && is_space(p->text[p->pos]))
		p->pos++;
	return p->pos > start;
}

static bool
take_char(parser *p, char c)
{
	if (at_end(p) || p->text[p->pos] != c)
		return false;
	p->pos++;
	return true;
}

/* Take a clause's keyword and the white space around it, or nothing. */
static bool
take_word(parser *p, const char *word)
{
	size_t		start = p->pos;
	size_t		len = strlen(word);

	if (skip_space(p) && p->len - p->pos >= len &&
		memcmp(p->text + p->pos, word, len) == 0)
	{
		p->pos += len;
		if (at_end(p) || skip_space(p))
			return true;
	}
	p->pos = start;
	return false;
}

/* Take everything up to white space or a comma; returns its length. */
static size_t
take_token(parser *p)
{
	size_t		start = p->pos;

	while (!at_end(p) && p->text[p->pos] != ',' && !is_space(p->text[p->pos]))
		p->pos++;
	return p->pos - start;
}

static bool
parse_purpose(parser *p, cl_choice *c)
{
	size_t		start = p->pos;
	size_t		len;

	while (!at_end(p) && p->text[p->pos] != '@' && p->text[p->pos] != ',' &&
		   !is_space(p->text[p->pos]))
		p->pos++;
	len = p->pos - start;
	if (len > CL_PURPOSE_MAX)
		return fail_at(p, start, "purpose is too long", CL_HINT_PURPOSE);
	if (!cl_purpose_valid(p->text + start, len))
		return fail_at(p, start, "malformed purpose", CL_HINT_PURPOSE);
	c->purpose = p->text + start;
	c->purpose_len = (uint8_t) len;
	return true;
}

static bool
parse_instant(parser *p, cl_instant *t)
{
	const char *s = p->text + p->pos;
	size_t		left = p->len - p->pos;
	size_t		n = cl_instant_parse(s, left, t);
	size_t		sign = left > 0 && (s[0] == '-' || s[0] == '+');

	if (n > 0 && (n == left || is_space(s[n]) || s[n] == ',' || s[n] == ')'))
	{
		p->pos += n;
		return true;
	}
	if (left >= sign + 8 && memcmp(s + sign, "infinity", 8) == 0)
		return fail_at(p, p->pos, "infinity is not an instant", HINT_INFINITY);
	return fail_at(p, p->pos, "malformed instant", CL_HINT_INSTANT);
}

/* Read '[' [instant] ',' [instant] ')'. */
static bool
parse_range(parser *p, cl_choice *c)
{
	size_t		start = p->pos;

	if (!take_char(p, '['))
		return fail_at(p, p->pos, "malformed data range", CL_HINT_RANGE);
	skip_space(p);
	if (!take_char(p, ','))
	{
		if (!parse_instant(p, &c->from))
			return false;
		skip_space(p);
		if (!take_char(p, ','))
			return fail_at(p, p->pos, "malformed data range", CL_HINT_RANGE);
	}
	skip_space(p);
	if (!take_char(p, ')'))
	{
		if (!parse_instant(p, &c->to))
			return false;
		skip_space(p);
		if (!take_char(p, ')'))
			return fail_at(p, p->pos, "malformed data range", CL_HINT_RANGE);
	}
	if (c->from >= c->to)
		return fail_at(p, start, "data range is empty", CL_HINT_RANGE);
	c->has_range = c->from != CL_INSTANT_NONE || c->to != CL_INSTANT_OPEN;
	return true;
}

static bool
parse_act(parser *p, cl_choice *c)
{
	size_t		start = p->pos;
	cl_act		act;

	if (c->stance == CL_PRESET)
		return fail_at(p, start, "a preset is never an act", CL_HINT_ACT);
	if (!cl_act_parse(p->text + start, take_token(p), &act))
		return fail_at(p, start, "unknown act", CL_HINT_ACT);
	if (!cl_act_fits(act, c->stance))
		return fail_at(p, start, "act does not fit the stance", CL_HINT_ACT);
	c->act = (uint8_t) act;
	return true;
}

static bool
parse_notice(parser *p, cl_choice *c)
{
	size_t		start = p->pos;
	size_t		len = take_token(p);

	if (!cl_notice_valid(p->text + start, len))
		return fail_at(p, start, "malformed notice", CL_HINT_NOTICE);
	c->notice = p->text + start;
	c->notice_len = (uint8_t) len;
	return true;
}

/* Read the clauses after the purpose. */
static bool
parse_clauses(parser *p, cl_choice *c)
{
	if (take_char(p, '@') && !parse_instant(p, &c->since))
		return false;
	if (take_word(p, "until"))
	{
		if (c->stance == CL_REFUSAL)
			return fail_at(p, p->pos, "a refusal has no until",
						   "A refusal stands until a later grant lifts it.");
		if (!parse_instant(p, &c->until))
			return false;
	}
	if (take_word(p, "for") && !parse_range(p, c))
		return false;
	if (take_word(p, "as") && !parse_act(p, c))
		return false;
	if (take_word(p, "under") && !parse_notice(p, c))
		return false;
	return true;
}

static bool
parse_choice(parser *p, cl_choice *c)
{
	char		stance = at_end(p) ? '\0' : p->text[p->pos];

	memset(c, 0, sizeof(*c));
	c->since = c->from = CL_INSTANT_NONE;
	c->until = c->to = CL_INSTANT_OPEN;
	if (stance != CL_GRANT && stance != CL_REFUSAL && stance != CL_PRESET)
		return fail_at(p, p->pos, "a choice begins with +, - or ~", HINT_CHOICE);
	c->stance = stance;
	p->pos++;
	return parse_purpose(p, c) && parse_clauses(p, c);
}

int
cl_choices_parse(const char *text, size_t len, cl_choice *choices, size_t max,
				 cl_choice_error *err)
{
	parser		p = {text, len, 0, err};
	size_t		n = 0;

	skip_space(&p);
	if (at_end(&p))
		return 0;
	for (;;)
	{
		if (n == max)
		{
			fail_at(&p, p.pos, "too many choices", NULL);
			return -1;
		}
		if (!parse_choice(&p, &choices[n]))
			return -1;
		n++;
		skip_space(&p);
		if (at_end(&p))
			return (int) n;
		if (!take_char(&p, ','))
		{
			fail_at(&p, p.pos, "unexpected text after a choice", HINT_CHOICE);
			return -1;
		}
		skip_space(&p);
	}
}

bool
cl_range_parse(const char *text, size_t len, cl_choice *c, cl_choice_error *err)
{
	parser		p = {text, len, 0, err};

	c->from = CL_INSTANT_NONE;
	c->to = CL_INSTANT_OPEN;
	if (!parse_range(&p, c))
		return false;
	return at_end(&p) || fail_at(&p, p.pos, "malformed data range", CL_HINT_RANGE);
}

size_t
cl_choices_bound(const char *text, size_t len)
{
	size_t		n = 1;
	const char *end = text + len;
	const char *p = text;

	while (n < CL_CHOICES_MAX && (p = memchr(p, ',', end - p)) != NULL)
	{
		n++;
		p++;
	}
	return n;
}
