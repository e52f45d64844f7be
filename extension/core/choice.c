/*
 * choice.c
 *		Choices: names, order, merge, and the canonical text.
 *
 * The text is what gets signed: it depends on nothing but the choices, and
 * must never change.
 */
#include "core/choice.h"

#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"

/* Counts, and writes too where there is somewhere to write to. */
typedef struct sink
{
	char	   *out;			/* or NULL */
	size_t		n;
} sink;

/* Indexed by cl_act. */
static const char *const act_names[] = {
	NULL,
	"granted",
	"reaffirmed",
	"refused",
	"withdrawn",
	"objected",
	"opted_out",
	"signalled",
	"revoked",
	"invalidated"
};

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

bool
cl_purpose_valid(const char *s, size_t len)
{
	bool		label_start = true;

	if (len == 0 || len > CL_PURPOSE_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (s[i] == '.' && !label_start)
			label_start = true;
		else if (is_lower(s[i]))
			label_start = false;
		else if (label_start || !((s[i] >= '0' && s[i] <= '9') || s[i] == '_'))
			return false;
	}
	return !label_start;
}

bool
cl_notice_valid(const char *s, size_t len)
{
	const char *slash;

	if (len == 0 || len > CL_NOTICE_MAX)
		return false;
	slash = memchr(s + 1, '/', len - 1);
	if (s[0] == '/' || slash == NULL || slash == s + len - 1)
		return false;
	for (size_t i = 0; i < len;)
	{
		uint32_t	c = 0;
		size_t		n = cl_utf8_read(s + i, len - i, &c);

		if (n == 0 || c == ',' || cl_is_space_or_control(c))
			return false;
		i += n;
	}
	return true;
}

const char *
cl_act_name(cl_act act)
{
	return act_names[act];
}

bool
cl_act_parse(const char *s, size_t len, cl_act *act)
{
	for (int i = CL_ACT_NONE + 1; i <= CL_ACT_LAST; i++)
		if (strlen(act_names[i]) == len && memcmp(act_names[i], s, len) == 0)
		{
			*act = (cl_act) i;
			return true;
		}
	return false;
}

bool
cl_act_fits(cl_act act, char stance)
{
	switch (act)
	{
		case CL_ACT_NONE:
			return true;
		case CL_ACT_GRANTED:
		case CL_ACT_REAFFIRMED:
			return stance == CL_GRANT;
		case CL_ACT_SIGNALLED:
			return stance == CL_GRANT || stance == CL_REFUSAL;
		default:
			return stance == CL_REFUSAL;
	}
}

bool
cl_purpose_within_dotted(const char *b, size_t blen, const char *a, size_t alen)
{
	return blen >= alen && memcmp(b, a, alen) == 0 &&
		(blen == alen || b[alen] == '.');
}

static const char *
check_times(const cl_choice *c)
{
	if (c->since != CL_INSTANT_NONE && !cl_instant_valid(c->since))
		return "since lies outside the years 0001 to 9999";
	if (c->until != CL_INSTANT_OPEN && !cl_instant_valid(c->until))
		return "until lies outside the years 0001 to 9999";
	if (c->until != CL_INSTANT_OPEN && c->stance == CL_REFUSAL)
		return "a refusal has no until";
	return NULL;
}

static const char *
check_range(const cl_choice *c)
{
	bool		open_from = c->from == CL_INSTANT_NONE;
	bool		open_to = c->to == CL_INSTANT_OPEN;

	if ((!open_from && !cl_instant_valid(c->from)) ||
		(!open_to && !cl_instant_valid(c->to)))
		return "data range lies outside the years 0001 to 9999";
	if (!open_from && !open_to && c->from >= c->to)
		return "data range is empty";
	if (c->has_range == (open_from && open_to))
		return "data range says nothing";
	return NULL;
}

const char *
cl_choice_check(const cl_choice *c)
{
	const char *complaint;

	if (c->stance != CL_GRANT && c->stance != CL_REFUSAL && c->stance != CL_PRESET)
		return "unknown stance";
	if (!cl_purpose_valid(c->purpose, c->purpose_len))
		return "malformed purpose";
	if (c->act > CL_ACT_LAST)
		return "unknown act";
	if (!cl_act_fits((cl_act) c->act, c->stance))
		return c->stance == CL_PRESET ? "a preset is never an act" :
			"act does not fit the stance";
	if (c->notice_len > 0 && !cl_notice_valid(c->notice, c->notice_len))
		return "malformed notice";
	if ((complaint = check_times(c)) != NULL)
		return complaint;
	return check_range(c);
}

static int
compare_instants(cl_instant a, cl_instant b)
{
	return (a > b) - (a < b);
}

static int
compare_bytes(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t		n = alen < blen ? alen : blen;
	int			cmp = n == 0 ? 0 : memcmp(a, b, n);

	return cmp != 0 ? cmp : (alen > blen) - (alen < blen);
}

int
cl_choice_key_compare(const cl_choice *a, const cl_choice *b)
{
	int			cmp = compare_bytes(a->purpose, a->purpose_len,
									b->purpose, b->purpose_len);

	if (cmp == 0)
		cmp = compare_instants(a->from, b->from);
	if (cmp == 0)
		cmp = compare_instants(a->to, b->to);
	return cmp;
}

/*
 * Compare the texts of two choices that differ at most in act and notice:
 * " as ..." is less than " under ...", and nothing at all is least.
 */
static int
compare_text_tails(const cl_choice *a, const cl_choice *b)
{
	if (a->act != b->act)
	{
		if (a->act == CL_ACT_NONE)
			return a->notice_len > 0 ? 1 : -1;
		if (b->act == CL_ACT_NONE)
			return b->notice_len > 0 ? -1 : 1;
		return strcmp(act_names[a->act], act_names[b->act]);
	}
	return compare_bytes(a->notice, a->notice_len, b->notice, b->notice_len);
}

bool
cl_choice_beats(const cl_choice *a, const cl_choice *b)
{
	if ((a->stance == CL_PRESET) != (b->stance == CL_PRESET))
		return b->stance == CL_PRESET;
	if (a->since != b->since)
		return a->since > b->since;
	if (a->stance != b->stance)
		return a->stance == CL_REFUSAL;
	if (a->until != b->until)
		return a->until < b->until;
	return compare_text_tails(a, b) < 0;
}

int
cl_choice_compare(const cl_choice *a, const cl_choice *b)
{
	int			cmp = cl_choice_key_compare(a, b);

	if (cmp == 0)
		cmp = a->stance - b->stance;
	if (cmp == 0)
		cmp = compare_instants(a->since, b->since);
	if (cmp == 0)
		cmp = compare_instants(a->until, b->until);
	if (cmp == 0)
		cmp = a->act - b->act;
	if (cmp == 0)
		cmp = compare_bytes(a->notice, a->notice_len, b->notice, b->notice_len);
	return cmp;
}

/* By key; of the same key the one that counts comes first. */
static int
compare_for_merge(const void *x, const void *y)
{
	const cl_choice *a = x;
	const cl_choice *b = y;
	int			cmp = cl_choice_key_compare(a, b);

	if (cmp == 0)
		cmp = cl_choice_beats(b, a) - cl_choice_beats(a, b);
	return cmp;
}

size_t
cl_choices_normalize(cl_choice *choices, size_t n)
{
	size_t		sorted = 1;
	size_t		kept = 1;

	if (n == 0)
		return 0;
	while (sorted < n &&
		   cl_choice_key_compare(&choices[sorted - 1], &choices[sorted]) < 0)
		sorted++;
	if (sorted == n)
		return n;
	qsort(choices, n, sizeof(cl_choice), compare_for_merge);
	for (size_t i = 1; i < n; i++)
		if (cl_choice_key_compare(&choices[kept - 1], &choices[i]) != 0)
			choices[kept++] = choices[i];
	return kept;
}

static void
put_bytes(sink *to, const char *bytes, size_t len)
{
	if (to->out != NULL)
		memcpy(to->out + to->n, bytes, len);
	to->n += len;
}

static void
put_string(sink *to, const char *s)
{
	put_bytes(to, s, strlen(s));
}

static void
put_instant(sink *to, cl_instant t)
{
	char		text[CL_INSTANT_TEXT];

	put_bytes(to, text, cl_instant_format(t, text));
}

static void
put_range(sink *to, const cl_choice *c)
{
	put_string(to, " for [");
	if (c->from != CL_INSTANT_NONE)
		put_instant(to, c->from);
	put_string(to, ",");
	if (c->to != CL_INSTANT_OPEN)
		put_instant(to, c->to);
	put_string(to, ")");
}

static void
put_choice(sink *to, const cl_choice *c)
{
	put_bytes(to, &c->stance, 1);
	put_bytes(to, c->purpose, c->purpose_len);
	if (c->since != CL_INSTANT_NONE)
	{
		put_string(to, "@");
		put_instant(to, c->since);
	}
	if (c->until != CL_INSTANT_OPEN)
	{
		put_string(to, " until ");
		put_instant(to, c->until);
	}
	if (c->has_range)
		put_range(to, c);
	if (c->act != CL_ACT_NONE)
	{
		put_string(to, " as ");
		put_string(to, act_names[c->act]);
	}
	if (c->notice_len > 0)
	{
		put_string(to, " under ");
		put_bytes(to, c->notice, c->notice_len);
	}
}

static void
put_choices(sink *to, const cl_choice *choices, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		if (i > 0)
			put_string(to, ", ");
		put_choice(to, &choices[i]);
	}
}

size_t
cl_choice_text_size(const cl_choice *c)
{
	return cl_choices_text_size(c, 1);
}

size_t
cl_choice_text(const cl_choice *c, char *out)
{
	return cl_choices_text(c, 1, out);
}

size_t
cl_choices_text_size(const cl_choice *choices, size_t n)
{
	sink		to = {NULL, 0};

	put_choices(&to, choices, n);
	return to.n;
}

size_t
cl_choices_text(const cl_choice *choices, size_t n, char *out)
{
	sink		to = {out, 0};

	put_choices(&to, choices, n);
	out[to.n] = '\0';
	return to.n;
}
