/*
 * report.h
 *		What a program says: findings, verdicts, explanations, progress.
 *
 * Everything that comes from what is checked is shown so that it cannot steer
 * a terminal or pass for our own words.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "core/buffer.h"
#include "core/instant.h"

/* The exit status. */
typedef enum outcome
{
	GOOD = 0,
	BAD = 1,
	UNCHECKED = 2
} outcome;

/* The program's name, before what could not be done; consent-verify at first. */
extern void report_as(const char *program);

/* Say nothing but findings and what could not be checked. */
extern void report_quietly(bool quiet);

/* What is wrong with what was checked: a line on stdout. */
__attribute__((format(printf, 1, 2)))
extern void report_bad(const char *format,...);

/* Why something could not be checked, or done: a line on stderr. */
__attribute__((format(printf, 1, 2)))
extern void report_unchecked(const char *format,...);

/* The worst that was reported so far: bad before unchecked before good. */
extern outcome report_outcome(void);

/* The verdict, a heading, a sentence under it, one that tells a detail. */
__attribute__((format(printf, 2, 3)))
extern void report_verdict(const char *word, const char *format,...);
extern void report_heading(const char *heading);
__attribute__((format(printf, 1, 2)))
extern void report_sentence(const char *format,...);
extern void report_detail(const char *name, cl_value value);

/* A row of a table, of texts that are shown() already. */
extern void report_row(const char *a, const char *b, const char *c, const char *d);

/*
 * Text from outside in printable form: what could steer a terminal or turn the
 * direction of writing as \u{hex}, at most some hundred bytes of it.  Good until
 * the eighth next call.
 */
extern const char *shown(cl_value text);

/* An instant, or seconds since 1970, in UTC; likewise. */
extern const char *shown_instant(cl_instant t);
extern const char *shown_time(uint64_t seconds);

/* A hash in base64; likewise. */
extern const char *shown_hash(const uint8_t *hash);

/* A number; likewise. */
extern const char *shown_number(int64_t n);

/* A number with a noun in the singular or plural: "1 entry", "2 entries"; likewise. */
extern const char *counted(uint64_t n, const char *one, const char *many);

/* Seconds since 1970 as an instant, or CL_INSTANT_OPEN beyond the year 9999. */
extern cl_instant instant_of_seconds(uint64_t seconds);

/* A progress bar on stderr, if that is a terminal; a count where the total is 0. */
extern void progress_begin(const char *what, uint64_t total);
extern void progress_step(uint64_t done);
extern void progress_end(void);

#endif
