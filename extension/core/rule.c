/*
 * rule.c
 *		The rule: may a row be used for a purpose, given what was chosen?
 *
 * The steps below are those of the design, in its order.  Of several choices
 * that would decide alike, the latest is named.
 */
#include "core/rule.h"

#include <stddef.h>

static const char *const verdict_names[CL_VERDICTS] = {
	"granted",
	"preset",
	"unknown",
	"outside_data_period",
	"expired",
	"denied"
};

const char *
cl_verdict_name(cl_verdict v)
{
	return verdict_names[v];
}

bool
cl_verdict_permits(cl_verdict v, bool opt_out_regime)
{
	return v == CL_GRANTED ||
		(opt_out_regime && (v == CL_PRESET_ON || v == CL_UNKNOWN));
}

/* Does the data range hold the moment the row was collected? */
static bool
covers(const cl_rule_question *q, const cl_rule_item *item)
{
	if (!item->has_range)
		return true;
	return q->has_collected &&
		item->from <= q->collected && q->collected < item->to;
}

static bool
in_force(const cl_rule_question *q, const cl_rule_item *item)
{
	return item->until == CL_INSTANT_OPEN || q->at < item->until;
}

static bool
range_within(const cl_rule_item *a, const cl_rule_item *b)
{
	if (!b->has_range)
		return true;
	return a->has_range && a->from >= b->from && a->to <= b->to;
}

/* Is a's scope and purpose the same as b's, or narrower? */
static bool
subject_matter_within(const cl_rule_question *q, const cl_rule_item *a,
					  const cl_rule_item *b)
{
	return a->scope >= b->scope && q->within(q->dag, a->purpose, b->purpose);
}

/* Does a later grant in force, at least as specific, lift this refusal? */
static bool
is_lifted(const cl_rule_question *q, const cl_rule_item *items, int n,
		  const cl_rule_item *refusal)
{
	for (int i = 0; i < n; i++)
	{
		const cl_rule_item *grant = &items[i];

		if (grant->stance == CL_GRANT && grant->since > refusal->since &&
			covers(q, grant) && in_force(q, grant) &&
			range_within(grant, refusal) &&
			subject_matter_within(q, grant, refusal))
			return true;
	}
	return false;
}

/* Does a limited grant of narrower scope or purpose silence this one? */
static bool
is_silenced(const cl_rule_question *q, const cl_rule_item *items, int n,
			const cl_rule_item *grant)
{
	for (int i = 0; i < n; i++)
	{
		const cl_rule_item *limited = &items[i];

		if (limited->stance == CL_GRANT &&
			(!covers(q, limited) || !in_force(q, limited)) &&
			subject_matter_within(q, limited, grant) &&
			(limited->scope != grant->scope || limited->purpose != grant->purpose))
			return true;
	}
	return false;
}

/* The verdict that one item by itself speaks for; CL_UNKNOWN for none. */
static cl_verdict
speaks_for(const cl_rule_question *q, const cl_rule_item *items, int n,
		   const cl_rule_item *item)
{
	switch (item->stance)
	{
		case CL_REFUSAL:
			return covers(q, item) && !is_lifted(q, items, n, item) ?
				CL_DENIED : CL_UNKNOWN;
		case CL_GRANT:
			if (!covers(q, item))
				return CL_OUTSIDE_DATA_PERIOD;
			if (!in_force(q, item))
				return CL_EXPIRED;
			return is_silenced(q, items, n, item) ? CL_UNKNOWN : CL_GRANTED;
		default:
			return covers(q, item) && in_force(q, item) ?
				CL_PRESET_ON : CL_UNKNOWN;
	}
}

cl_verdict
cl_rule_decide(const cl_rule_question *q, const cl_rule_item *items, int n,
			   int *decided_by)
{
	/* what decides first, whatever else there is */
	static const cl_verdict steps[] = {
		CL_DENIED, CL_GRANTED, CL_EXPIRED, CL_OUTSIDE_DATA_PERIOD, CL_PRESET_ON
	};
	int			latest[CL_VERDICTS] = {-1, -1, -1, -1, -1, -1};

	for (int i = 0; i < n; i++)
	{
		int		   *so_far = &latest[speaks_for(q, items, n, &items[i])];

		if (*so_far < 0 || items[i].since > items[*so_far].since)
			*so_far = i;
	}
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++)
		if (latest[steps[s]] >= 0)
		{
			if (decided_by != NULL)
				*decided_by = latest[steps[s]];
			return steps[s];
		}
	if (decided_by != NULL)
		*decided_by = -1;
	return CL_UNKNOWN;
}
