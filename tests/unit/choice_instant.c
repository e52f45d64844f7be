/*
 * choice_instant.c
 *		Points in time: text to microseconds and back.
 */
#include "core/instant.h"

#include "tap.h"

static const struct
{
	const char *text;
	cl_instant	value;
	const char *canonical;
}			good[] =
{
	{"2000-01-01T00:00:00Z", 0, "2000-01-01T00:00:00Z"},
	{"2000-01-01 00:00Z", 0, "2000-01-01T00:00:00Z"},
	{"2000-01-01T00:00:00.000001Z", 1, "2000-01-01T00:00:00.000001Z"},
	{"1999-12-31T23:59:59.9Z", -100000, "1999-12-31T23:59:59.900000Z"},
	{"2000-01-01T02:00:00+02", 0, "2000-01-01T00:00:00Z"},
	{"2000-01-01T05:30:00+05:30", 0, "2000-01-01T00:00:00Z"},
	{"1999-12-31T19:03:58-04:56:02", 0, "2000-01-01T00:00:00Z"},
	{"2000-01-01T00:00:00-00", 0, "2000-01-01T00:00:00Z"},
	{"2000-01-01T15:59:59+15:59:59", 0, "2000-01-01T00:00:00Z"},
	{"2024-02-29T12:00Z", INT64_C(762523200000000), "2024-02-29T12:00:00Z"},
	{"2000-02-29T00:00Z", INT64_C(5097600000000), "2000-02-29T00:00:00Z"},
	{"1970-01-01T00:00:00Z", INT64_C(-946684800000000), "1970-01-01T00:00:00Z"},
	{"0001-01-01T00:00:00Z", CL_INSTANT_MIN, "0001-01-01T00:00:00Z"},
	{"9999-12-31T23:59:59.999999Z", CL_INSTANT_LIMIT - 1, "9999-12-31T23:59:59.999999Z"},
};

static const char *const bad[] = {
	"", "2", "now", "infinity", "-infinity", "today",
	"2024-10-02", "2024-10-02Z", "2024-10-02T09:00:00", "2024-10-02T09:00", "2024-10-02T09Z",
	"2024-10-02t09:00:00Z", "2024-10-02T09:00:00z", "2024-10-02  09:00:00Z", "2024-10-02T 09:00Z",
	"24-10-02T09:00:00Z", "+2024-10-02T09:00:00Z", "2024/10/02T09:00:00Z", "20241002T090000Z",
	"2024-1-02T09:00:00Z", "2024-13-01T00:00Z", "2024-00-01T00:00Z", "2024-04-31T00:00Z",
	"2024-01-00T00:00Z", "2023-02-29T00:00Z", "1900-02-29T00:00Z", "2024-02-30T00:00Z",
	"2024-10-02T24:00:00Z", "2024-10-02T09:60:00Z", "2024-10-02T09:00:60Z", "2024-10-02T9:00:00Z",
	"2024-10-02T09:00:00.Z", "2024-10-02T09:00:00.1234567Z", "2024-10-02T09:00:00,5Z",
	"2024-10-02T09:00:00+16", "2024-10-02T09:00:00+2", "2024-10-02T09:00:00+02:60",
	"2024-10-02T09:00:00+02:0", "2024-10-02T09:00:00+02:00:60", "2024-10-02T09:00:00 Z",
	"0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:00:01", "9999-12-31T23:59:59-00:00:01",
	"10000-01-01T00:00:00Z",
};

static void
test_good(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		cl_instant	t = 0;
		char		out[CL_INSTANT_TEXT];
		size_t		len = strlen(good[i].text);

		ok(cl_instant_parse(good[i].text, len, &t) == len && t == good[i].value,
		   "%s is read", good[i].text);
		ok(cl_instant_format(t, out) == strlen(good[i].canonical) &&
		   strcmp(out, good[i].canonical) == 0, "and written as %s", good[i].canonical);
	}
}

/* Cutting an instant anywhere leaves nothing, or another instant. */
static void
test_cut(void)
{
	const char *text = "2024-10-02T09:00:00.123456+02:30:15";
	cl_instant	t;
	int			wrong = 0;

	for (size_t n = 0; n <= strlen(text); n++)
	{
		size_t		used = cl_instant_parse(text, n, &t);

		wrong += used != (n == 29 || n == 32 || n == 35 ? n : 0);
	}
	ok(wrong == 0, "an instant that is cut off ends after its zone");
}

/* Every day of the calendar, in sequence. */
static void
test_calendar(void)
{
	cl_instant	day = INT64_C(86400000000);
	char		before[CL_INSTANT_TEXT] = "";
	int			wrong = 0;

	for (cl_instant t = CL_INSTANT_MIN; t < CL_INSTANT_LIMIT; t += day)
	{
		char		out[CL_INSTANT_TEXT];
		cl_instant	back = 0;
		int			len = cl_instant_format(t, out);

		wrong += cl_instant_parse(out, len, &back) != len || back != t ||
			strcmp(before, out) >= 0;
		strcpy(before, out);
	}
	ok(wrong == 0, "all days of ten thousand years round trip, in order");
	is_string(before, "9999-12-31T00:00:00Z", "the last is the last");
}

int
main(void)
{
	cl_instant	t;

	test_good();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(cl_instant_parse(bad[i], strlen(bad[i]), &t) == 0, "refused: \"%s\"", bad[i]);
	test_cut();
	test_calendar();
	ok(!cl_instant_valid(CL_INSTANT_NONE) && !cl_instant_valid(CL_INSTANT_OPEN) &&
	   !cl_instant_valid(CL_INSTANT_LIMIT) && !cl_instant_valid(CL_INSTANT_MIN - 1) &&
	   cl_instant_valid(CL_INSTANT_MIN) && cl_instant_valid(CL_INSTANT_LIMIT - 1),
	   "the bounds of what is valid");
	return done_testing();
}
