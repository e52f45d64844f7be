/*
 * choice.h
 *		The consent value, without a server: a sorted set of choices, one per
 *		purpose and data range.
 *
 * Everything here works on plain bytes, so that the server, the offline tools
 * and the fuzzers share one parser.  A packed value is what stands in the
 * varlena after its header.
 */
#ifndef CL_CHOICE_H
#define CL_CHOICE_H

#include "core/instant.h"

#define CL_PURPOSE_MAX		63
#define CL_NOTICE_MAX		255
#define CL_CHOICES_MAX		65535

#define CL_GRANT			'+'
#define CL_REFUSAL			'-'
#define CL_PRESET			'~'

typedef enum cl_act
{
	CL_ACT_NONE,				/* not stated */
	CL_ACT_GRANTED,
	CL_ACT_REAFFIRMED,
	CL_ACT_REFUSED,
	CL_ACT_WITHDRAWN,
	CL_ACT_OBJECTED,
	CL_ACT_OPTED_OUT,
	CL_ACT_SIGNALLED,
	CL_ACT_REVOKED,
	CL_ACT_INVALIDATED
} cl_act;

#define CL_ACT_LAST CL_ACT_INVALIDATED

/* One entry. Strings are not NUL-terminated; they point into their source. */
typedef struct cl_choice
{
	char		stance;			/* CL_GRANT, CL_REFUSAL, CL_PRESET */
	uint8_t		act;			/* cl_act */
	bool		has_range;		/* a data range was stated */
	uint8_t		purpose_len;
	uint8_t		notice_len;		/* 0: not stated */
	const char *purpose;
	const char *notice;
	cl_instant	since;			/* '@', or CL_INSTANT_NONE */
	cl_instant	until;			/* or CL_INSTANT_OPEN */
	cl_instant	from;			/* data range, CL_INSTANT_NONE if open */
	cl_instant	to;				/* CL_INSTANT_OPEN if open */
} cl_choice;

/* What is wrong with a text or packed value, and at which byte. */
typedef struct cl_choice_error
{
	const char *message;		/* static, lower case, no period */
	const char *hint;			/* static, a sentence, or NULL */
	size_t		offset;			/* from 0 */
} cl_choice_error;

/* How to write it, for the hints of errors. */
#define CL_HINT_PURPOSE "A purpose is made of labels joined by dots; a label begins with a lower-case letter and goes on with lower-case letters, digits and underscores; at most 63 bytes in all."
#define CL_HINT_INSTANT "Write an instant as 2024-10-02T09:00:00Z or 2024-10-02 11:00:00+02, with its zone, in the years 0001 to 9999, to the microsecond at most."
#define CL_HINT_RANGE "Write a data range as [from,to), leaving out the bound that is open."
#define CL_HINT_ACT "Acts of a grant are granted, reaffirmed and signalled; of a refusal refused, withdrawn, objected, opted_out, signalled, revoked and invalidated; a preset has none."
#define CL_HINT_NOTICE "Write a notice as name/version, at most 255 bytes without white space, comma or control characters."

/*
 * Names.  A notice is valid UTF-8 without white space, commas and control
 * characters, with a slash between two parts that are not empty.
 */
extern bool cl_purpose_valid(const char *s, size_t len);
extern bool cl_notice_valid(const char *s, size_t len);
extern const char *cl_act_name(cl_act act); /* NULL for CL_ACT_NONE */
extern bool cl_act_parse(const char *s, size_t len, cl_act *act);
extern bool cl_act_fits(cl_act act, char stance);

/* True if b is a or begins with a and a dot: dotted names nest. */
extern bool cl_purpose_within_dotted(const char *b, size_t blen,
									 const char *a, size_t alen);

/* Check one choice made by a program; NULL if sound, else the complaint. */
extern const char *cl_choice_check(const cl_choice *c);

/*
 * Order of the keys (purpose, then data range), and the merge: which of two
 * choices under the same key counts.  cl_choice_beats(a, b) is true when a
 * does; it is a strict total order on choices with equal keys.
 */
extern int	cl_choice_key_compare(const cl_choice *a, const cl_choice *b);
extern bool cl_choice_beats(const cl_choice *a, const cl_choice *b);
extern int	cl_choice_compare(const cl_choice *a, const cl_choice *b);

/*
 * Sort choices by key and keep the winner of each; returns how many are left.
 * O(n log n), in place.
 */
extern size_t cl_choices_normalize(cl_choice *choices, size_t n);

/*
 * Parse a text.  Appends up to `max` choices, unsorted, with strings that
 * point into `text`.  Returns the number found, or -1 with *err filled.
 * Duplicate keys are merged by cl_choices_normalize afterwards.
 */
extern int	cl_choices_parse(const char *text, size_t len,
							 cl_choice *choices, size_t max,
							 cl_choice_error *err);

/* Read a whole text as a data range into c->from, c->to and c->has_range. */
extern bool cl_range_parse(const char *text, size_t len, cl_choice *c,
						   cl_choice_error *err);

/* An upper bound of the choices that a text of len bytes can hold. */
extern size_t cl_choices_bound(const char *text, size_t len);

/* Canonical text. *_size gives the exact length without the NUL. */
extern size_t cl_choice_text_size(const cl_choice *c);
extern size_t cl_choice_text(const cl_choice *c, char *out);
extern size_t cl_choices_text_size(const cl_choice *choices, size_t n);
extern size_t cl_choices_text(const cl_choice *choices, size_t n, char *out);

/* Packed form. */
#define CL_PACKED_VERSION	1
#define CL_PACKED_HEADER	3	/* version byte, uint16 count (little-endian) */
extern size_t cl_choices_packed_size(const cl_choice *choices, size_t n);
extern size_t cl_choices_pack(const cl_choice *choices, size_t n, char *out);
extern int	cl_packed_count(const char *packed);

/*
 * Walk a packed value known to be sound: *pos starts at CL_PACKED_HEADER.
 * False at the end.
 */
extern bool cl_packed_next(const char *packed, size_t len, size_t *pos,
						   cl_choice *c);

/* Check packed bytes from outside completely, canonical order included. */
extern bool cl_packed_check(const char *packed, size_t len,
							cl_choice_error *err);

#endif
