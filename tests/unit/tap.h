/*
 * tap.h
 *		As much of the Test Anything Protocol as the unit tests need.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int	tests_run = 0;
static int	tests_failed = 0;

/* Report a test; the name is a format. Returns whether it passed. */
__attribute__((format(printf, 2, 3)))
static inline bool
ok(bool passed, const char *name,...)
{
	va_list		args;

	printf("%s %d - ", passed ? "ok" : "not ok", ++tests_run);
	va_start(args, name);
	vprintf(name, args);
	va_end(args);
	printf("\n");
	tests_failed += !passed;
	return passed;
}

/* Compare two strings, and show them where they differ. */
static inline bool
is_string(const char *got, const char *expected, const char *name)
{
	bool		passed = ok(strcmp(got, expected) == 0, "%s", name);

	if (!passed)
		printf("# got      %s\n# expected %s\n", got, expected);
	return passed;
}

/* Print the plan; the program's exit status. */
static inline int
done_testing(void)
{
	printf("1..%d\n", tests_run);
	return tests_failed != 0;
}

#endif
