/*
 * consent_json.c
 *		Consent from and to jsonb: an array of objects, one a choice.
 *
 * Members are named as the columns of choices(), and all are strings in the
 * notation of the type's text.  Members that are not stated are left out on
 * output, and may be null on input; unknown members are refused.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "type/consent.h"

typedef enum Member
{
	MEMBER_STANCE,
	MEMBER_PURPOSE,
	MEMBER_SINCE,
	MEMBER_UNTIL,
	MEMBER_DATA_RANGE,
	MEMBER_ACT,
	MEMBER_NOTICE,
	MEMBERS
} Member;

static const char *const member_names[MEMBERS] = {
	"stance", "purpose", "since", "until", "data_range", "act", "notice"
};

static void
push_string(JsonbParseState **state, JsonbIteratorToken token, const char *s, int len)
{
	JsonbValue	v;

	v.type = jbvString;
	v.val.string.val = pnstrdup(s, len);
	v.val.string.len = len;
	pushJsonbValue(state, token, &v);
}

static void
push_member(JsonbParseState **state, Member member, const char *s, int len)
{
	push_string(state, WJB_KEY, member_names[member], strlen(member_names[member]));
	push_string(state, WJB_VALUE, s, len);
}

static void
push_instant(JsonbParseState **state, Member member, cl_instant t)
{
	char		text[CL_INSTANT_TEXT];

	push_member(state, member, text, cl_instant_format(t, text));
}

static void
push_range(JsonbParseState **state, const cl_choice *c)
{
	char		from[CL_INSTANT_TEXT] = "";
	char		to[CL_INSTANT_TEXT] = "";
	char	   *range;

	if (c->from != CL_INSTANT_NONE)
		cl_instant_format(c->from, from);
	if (c->to != CL_INSTANT_OPEN)
		cl_instant_format(c->to, to);
	range = psprintf("[%s,%s)", from, to);
	push_member(state, MEMBER_DATA_RANGE, range, strlen(range));
}

static void
push_choice(JsonbParseState **state, const cl_choice *c)
{
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	push_member(state, MEMBER_STANCE, &c->stance, 1);
	push_member(state, MEMBER_PURPOSE, c->purpose, c->purpose_len);
	if (c->since != CL_INSTANT_NONE)
		push_instant(state, MEMBER_SINCE, c->since);
	if (c->until != CL_INSTANT_OPEN)
		push_instant(state, MEMBER_UNTIL, c->until);
	if (c->has_range)
		push_range(state, c);
	if (c->act != CL_ACT_NONE)
		push_member(state, MEMBER_ACT, cl_act_name((cl_act) c->act),
					strlen(cl_act_name((cl_act) c->act)));
	if (c->notice_len > 0)
		push_member(state, MEMBER_NOTICE, c->notice, c->notice_len);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

PG_FUNCTION_INFO_V1(consent_to_jsonb);
Datum
consent_to_jsonb(PG_FUNCTION_ARGS)
{
	Consent    *value = PG_GETARG_CONSENT_PP(0);
	JsonbParseState *state = NULL;
	ConsentIterator it;
	cl_choice	c;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	consent_iterate(value, &it);
	while (consent_next(&it, &c))
		push_choice(&state, &c);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)));
}

/* Say what is wrong with which element, counted from 1. */
static void
refuse(int element, const char *complaint, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("cannot cast jsonb to consent: %s", complaint),
			 element > 0 ? errdetail("This is in element %d of the array.", element) : 0,
			 hint ? errhint("%s", hint) : 0));
}

static Member
find_member(int element, const JsonbValue *key)
{
	for (int m = 0; m < MEMBERS; m++)
		if (strlen(member_names[m]) == key->val.string.len &&
			memcmp(member_names[m], key->val.string.val, key->val.string.len) == 0)
			return (Member) m;
	refuse(element, psprintf("unknown member \"%.*s\"",
							 key->val.string.len, key->val.string.val),
		   "Members are stance, purpose, since, until, data_range, act and notice.");
	pg_unreachable();
}

static void
read_instant(int element, Member member, const char *s, size_t len, cl_instant *t)
{
	if (len == 0 || cl_instant_parse(s, len, t) != len)
		refuse(element, psprintf("malformed instant \"%.*s\" in %s",
								 (int) len, s, member_names[member]),
			   CL_HINT_INSTANT);
}

static void
read_range(int element, const char *s, size_t len, cl_choice *c)
{
	cl_choice_error err;

	if (!cl_range_parse(s, len, c, &err))
		refuse(element, psprintf("%s at byte %zu of data_range \"%.*s\"",
								 err.message, err.offset + 1, (int) len, s), err.hint);
}

/* Take the value of one member over into the choice. */
static void
read_member(int element, Member member, const char *s, size_t len, cl_choice *c)
{
	cl_act		act = CL_ACT_NONE;

	switch (member)
	{
		case MEMBER_STANCE:
			if (len != 1 || strchr("+-~", *s) == NULL)
				refuse(element, psprintf("unknown stance \"%.*s\"", (int) len, s),
					   "Stances are +, - and ~.");
			c->stance = *s;
			break;
		case MEMBER_PURPOSE:
			if (!cl_purpose_valid(s, len))
				refuse(element, psprintf("malformed purpose \"%.*s\"", (int) len, s), CL_HINT_PURPOSE);
			c->purpose = s;
			c->purpose_len = (uint8_t) len;
			break;
		case MEMBER_SINCE:
			read_instant(element, member, s, len, &c->since);
			break;
		case MEMBER_UNTIL:
			read_instant(element, member, s, len, &c->until);
			break;
		case MEMBER_DATA_RANGE:
			read_range(element, s, len, c);
			break;
		case MEMBER_ACT:
			if (!cl_act_parse(s, len, &act))
				refuse(element, psprintf("unknown act \"%.*s\"", (int) len, s), CL_HINT_ACT);
			c->act = (uint8_t) act;
			break;
		default:
			if (!cl_notice_valid(s, len))
				refuse(element, psprintf("malformed notice \"%.*s\"", (int) len, s), CL_HINT_NOTICE);
			c->notice = s;
			c->notice_len = (uint8_t) len;
	}
}

/* Read one object, whose beginning has been read. */
static void
read_choice(JsonbIterator **it, int element, cl_choice *c)
{
	JsonbValue	v;
	Member		member;
	const char *complaint;

	memset(c, 0, sizeof(*c));
	c->since = c->from = CL_INSTANT_NONE;
	c->until = c->to = CL_INSTANT_OPEN;
	while (JsonbIteratorNext(it, &v, true) == WJB_KEY)
	{
		member = find_member(element, &v);
		JsonbIteratorNext(it, &v, true);
		if (v.type == jbvString)
			read_member(element, member, v.val.string.val, v.val.string.len, c);
		else if (v.type != jbvNull)
			refuse(element, psprintf("member \"%s\" is not a string", member_names[member]), NULL);
	}
	if (c->stance == '\0' || c->purpose_len == 0)
		refuse(element, "stance or purpose is missing", NULL);
	if ((complaint = cl_choice_check(c)) != NULL)
		refuse(element, complaint, NULL);
}

PG_FUNCTION_INFO_V1(consent_from_jsonb);
Datum
consent_from_jsonb(PG_FUNCTION_ARGS)
{
	static const char *const expected =
	"Expected is an array of objects such as {\"stance\": \"+\", \"purpose\": \"ai_training\"}.";
	Jsonb	   *jsonb = PG_GETARG_JSONB_P(0);
	JsonbIterator *it = JsonbIteratorInit(&jsonb->root);
	int			size = JB_ROOT_COUNT(jsonb);
	cl_choice  *choices;
	JsonbValue	v;
	int			n = 0;

	if (!JB_ROOT_IS_ARRAY(jsonb) || JB_ROOT_IS_SCALAR(jsonb))
		refuse(0, "it is not an array", expected);
	choices = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(cl_choice) * (size + 1));
	JsonbIteratorNext(&it, &v, false);
	while (n < size)
	{
		if (JsonbIteratorNext(&it, &v, false) != WJB_BEGIN_OBJECT)
			refuse(n + 1, "element is not an object", expected);
		read_choice(&it, n + 1, &choices[n]);
		n++;
	}
	PG_RETURN_CONSENT(consent_build(choices, n));
}
