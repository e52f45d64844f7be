/*
 * instant.c
 *		Points in time: text to microseconds and back.
 *
 * The proleptic Gregorian calendar, as in PostgreSQL; no locale, no time zone
 * data, no leap seconds.
 */
#include "core/instant.h"

#define USECS_PER_SEC	INT64_C(1000000)
#define SECS_PER_DAY	INT64_C(86400)
#define USECS_PER_DAY	(SECS_PER_DAY * USECS_PER_SEC)

/* 0000-03-01, where the calendar's arithmetic begins, to 2000-01-01 */
#define DAYS_TO_EPOCH	730425

typedef struct scanner
{
	const char *s;
	size_t		len;
	size_t		pos;
} scanner;

bool
cl_instant_valid(cl_instant t)
{
	return t >= CL_INSTANT_MIN && t < CL_INSTANT_LIMIT;
}

/* Days from 2000-01-01 to a date. Years begin in March, so that leap days come last. */
static int64_t
days_of_date(int year, int month, int day)
{
	int			y = year - (month <= 2);
	int			era = y / 400;
	int			yoe = y - era * 400;
	int			doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int			doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return (int64_t) era * 146097 + doe - DAYS_TO_EPOCH;
}

/* The reverse. */
static void
date_of_days(int64_t days, int *year, int *month, int *day)
{
	int			z = (int) (days + DAYS_TO_EPOCH);
	int			era = z / 146097;
	int			doe = z - era * 146097;
	int			yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int			doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int			mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = yoe + era * 400 + (*month <= 2);
}

static int
days_in_month(int year, int month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (leap && month == 2);
}

/* Write a number in so many digits, an even number of them; returns what follows. */
static char *
put_digits(char *out, int value, int digits)
{
	static const char pairs[] =
		"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051"
		"525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

	for (int i = digits - 2; i >= 0; i -= 2)
	{
		memcpy(out + i, pairs + value % 100 * 2, 2);
		value /= 100;
	}
	return out + digits;
}

int
cl_instant_format(cl_instant t, char *out)
{
	int64_t		since_min = t - CL_INSTANT_MIN;
	int64_t		days = since_min / USECS_PER_DAY + CL_INSTANT_MIN / USECS_PER_DAY;
	int64_t		usecs = since_min % USECS_PER_DAY;
	int			seconds = (int) (usecs / USECS_PER_SEC);
	int			fraction = (int) (usecs % USECS_PER_SEC);
	int			year,
				month,
				day;
	char	   *p = out;

	date_of_days(days, &year, &month, &day);
	p = put_digits(p, year, 4);
	*p++ = '-';
	p = put_digits(p, month, 2);
	*p++ = '-';
	p = put_digits(p, day, 2);
	*p++ = 'T';
	p = put_digits(p, seconds / 3600, 2);
	*p++ = ':';
	p = put_digits(p, seconds / 60 % 60, 2);
	*p++ = ':';
	p = put_digits(p, seconds % 60, 2);
	if (fraction != 0)
	{
		*p++ = '.';
		p = put_digits(p, fraction, 6);
	}
	*p++ = 'Z';
	*p = '\0';
	return (int) (p - out);
}

static bool
take_char(scanner *in, char c)
{
	if (in->pos >= in->len || in->s[in->pos] != c)
		return false;
	in->pos++;
	return true;
}

/* Read exactly so many digits as a number between two bounds. */
static bool
take_number(scanner *in, int digits, int min, int max, int *value)
{
	int			n = 0;

	if (in->len - in->pos < (size_t) digits)
		return false;
	for (int i = 0; i < digits; i++)
	{
		char		c = in->s[in->pos + i];

		if (c < '0' || c > '9')
			return false;
		n = n * 10 + (c - '0');
	}
	in->pos += digits;
	*value = n;
	return n >= min && n <= max;
}

static bool
take_date(scanner *in, int64_t *days)
{
	int			year,
				month,
				day;

	if (!take_number(in, 4, 1, 9999, &year) || !take_char(in, '-') ||
		!take_number(in, 2, 1, 12, &month) || !take_char(in, '-') ||
		!take_number(in, 2, 1, days_in_month(year, month), &day))
		return false;
	*days = days_of_date(year, month, day);
	return true;
}

/* Read one to six digits as microseconds. */
static bool
take_fraction(scanner *in, int *usecs)
{
	int			digits = 0;
	int			n = 0;

	while (in->pos < in->len && in->s[in->pos] >= '0' && in->s[in->pos] <= '9')
	{
		if (++digits > 6)
			return false;
		n = n * 10 + (in->s[in->pos++] - '0');
	}
	if (digits == 0)
		return false;
	for (; digits < 6; digits++)
		n *= 10;
	*usecs = n;
	return true;
}

/* Read hh:mm[:ss[.ffffff]]. */
static bool
take_time(scanner *in, int64_t *usecs)
{
	int			hour,
				minute;
	int			second = 0;
	int			fraction = 0;

	if (!take_number(in, 2, 0, 23, &hour) || !take_char(in, ':') ||
		!take_number(in, 2, 0, 59, &minute))
		return false;
	if (take_char(in, ':'))
	{
		if (!take_number(in, 2, 0, 59, &second))
			return false;
		if (take_char(in, '.') && !take_fraction(in, &fraction))
			return false;
	}
	*usecs = (hour * 3600 + minute * 60 + second) * USECS_PER_SEC + fraction;
	return true;
}

/* Read Z or +hh[:mm[:ss]]: seconds east of Greenwich. */
static bool
take_zone(scanner *in, int *east)
{
	int			hour;
	int			minute = 0;
	int			second = 0;
	int			sign;

	*east = 0;
	if (take_char(in, 'Z'))
		return true;
	if (take_char(in, '+'))
		sign = 1;
	else if (take_char(in, '-'))
		sign = -1;
	else
		return false;
	if (!take_number(in, 2, 0, 15, &hour))
		return false;
	if (take_char(in, ':'))
	{
		if (!take_number(in, 2, 0, 59, &minute))
			return false;
		if (take_char(in, ':') && !take_number(in, 2, 0, 59, &second))
			return false;
	}
	*east = sign * (hour * 3600 + minute * 60 + second);
	return true;
}

size_t
cl_instant_parse(const char *s, size_t len, cl_instant *t)
{
	scanner		in = {s, len, 0};
	int64_t		days;
	int64_t		usecs;
	int			east;

	if (!take_date(&in, &days))
		return 0;
	if (!take_char(&in, 'T') && !take_char(&in, ' '))
		return 0;
	if (!take_time(&in, &usecs) || !take_zone(&in, &east))
		return 0;
	*t = days * USECS_PER_DAY + usecs - east * USECS_PER_SEC;
	return cl_instant_valid(*t) ? in.pos : 0;
}

void
cl_put_instant(cl_buffer *b, cl_instant t)
{
	char		text[CL_INSTANT_TEXT];

	cl_put(b, text, (size_t) cl_instant_format(t, text));
}

bool
cl_instant_read(cl_value text, cl_instant *t)
{
	char		canonical[CL_INSTANT_TEXT];

	if (text.len == 0 || cl_instant_parse(text.data, text.len, t) != text.len)
		return false;
	cl_instant_format(*t, canonical);
	return cl_value_equal(text, cl_string(canonical));
}

bool
cl_take_instant(cl_scanner *in, char end, cl_instant *t)
{
	cl_value	text;

	return cl_take_until(in, end, &text) && cl_instant_read(text, t);
}
