/*
 * items.c
 *		Collect the choices that speak of a question, and put it to the rule.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "gate/items.h"

void
items_begin(Items *items, const Declared *d, const Purpose *purpose)
{
	items->declared = d;
	items->purpose = purpose;
	items->items = items->room;
	items->n = 0;
	items->allocated = lengthof(items->room);
	items->has_range = false;
}

static cl_rule_item *
next_item(Items *items)
{
	if (items->n == items->allocated)
	{
		Size		size = mul_size(items->allocated, 2 * sizeof(cl_rule_item));

		if (items->items == items->room)
		{
			items->items = palloc(size);
			memcpy(items->items, items->room, sizeof(items->room));
		}
		else
			items->items = repalloc(items->items, size);
		items->allocated *= 2;
	}
	return &items->items[items->n++];
}

/*
 * A choice speaks of its purpose and of those below it; a yes or a preset
 * only of those that were there when it was given.
 */
static bool
speaks_of(const Items *items, const cl_choice *choice, const Purpose *of)
{
	if (of == items->purpose)
		return true;
	if (!declared_within(items->declared, items->purpose->index, of->index))
		return false;
	return choice->stance == CL_REFUSAL || items->purpose->since <= choice->since;
}

static void
add_for_purpose(Items *items, const cl_choice *choice, const Purpose *of,
				ItemScope scope, int64 tag)
{
	cl_rule_item *item;

	if (!speaks_of(items, choice, of))
		return;
	item = next_item(items);
	item->stance = choice->stance;
	item->has_range = choice->has_range;
	item->scope = scope;
	item->purpose = of->index;
	item->since = choice->since;
	item->until = choice->until;
	item->from = choice->from;
	item->to = choice->to;
	item->tag = tag;
	items->has_range |= choice->has_range;
}

static const Purpose *
purpose_of(const Items *items, const cl_choice *choice)
{
	const Purpose *p = items->purpose;

	if (choice->purpose_len == p->name_len &&
		memcmp(choice->purpose, p->name, p->name_len) == 0)
		return p;
	return declared_purpose(items->declared, choice->purpose, choice->purpose_len);
}

void
items_add_state(Items *items, const Consent *state, ItemScope scope)
{
	ConsentIterator it;
	cl_choice	choice;

	consent_iterate(state, &it);
	while (consent_next(&it, &choice))
		add_for_purpose(items, &choice, purpose_of(items, &choice), scope, NO_PRESET);
}

/* Are two presets, or a preset and an end, for the people of the same place? */
static bool
same_place(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/*
 * Is it to be taken into account?  Asked about now, whatever is visible counts:
 * an end may be a moment later than the statement that asks.
 */
static bool
counts(const GateTime *time, int64 event_id, TimestampTz event_time, TimestampTz recorded_at)
{
	return !(time->has_at && event_time > time->at) && gate_knows(time, event_id, recorded_at);
}

/* Was the preset switched off again? */
static bool
is_ended(const Declared *d, const PresetRule *rule, const GateTime *time)
{
	for (int i = 0; i < d->nends; i++)
	{
		const PresetEnd *end = &d->ends[i];

		if (end->purpose == rule->purpose && end->event_time >= rule->choice.since &&
			same_place(end->jurisdiction, rule->jurisdiction) &&
			counts(time, end->event_id, end->event_time, end->recorded_at))
			return true;
	}
	return false;
}

/* Does another one for the same place, purpose and data range count instead? */
static bool
is_replaced(const Declared *d, const PresetRule *rule, const GateTime *time)
{
	for (int i = 0; i < d->npresets; i++)
	{
		const PresetRule *other = &d->presets[i];

		if (other->purpose == rule->purpose &&
			same_place(other->jurisdiction, rule->jurisdiction) &&
			cl_choice_key_compare(&other->choice, &rule->choice) == 0 &&
			cl_choice_beats(&other->choice, &rule->choice) &&
			counts(time, other->event_id, other->choice.since, other->recorded_at))
			return true;
	}
	return false;
}

/* Does a jurisdiction lie within the one a preset was set for? */
static bool
jurisdiction_within(const char *subject, const char *rule)
{
	size_t		len;

	if (rule == NULL)
		return true;
	if (subject == NULL)
		return false;
	len = strlen(rule);
	return strncmp(subject, rule, len) == 0 && (subject[len] == '\0' || subject[len] == '-');
}

void
items_add_presets(Items *items, const char *jurisdiction, const GateTime *time)
{
	const Declared *d = items->declared;

	for (int i = 0; i < d->npresets; i++)
	{
		const PresetRule *rule = &d->presets[i];

		if (declared_within(d, items->purpose->index, rule->purpose) &&
			jurisdiction_within(jurisdiction, rule->jurisdiction) &&
			counts(time, rule->event_id, rule->choice.since, rule->recorded_at) &&
			!is_ended(d, rule, time) && !is_replaced(d, rule, time))
			add_for_purpose(items, &rule->choice, &d->purposes[rule->purpose],
							SCOPE_SUBJECT, i);
	}
}

static bool
within(const void *dag, int32_t a, int32_t b)
{
	return declared_within((const Declared *) dag, a, b);
}

cl_verdict
items_decide(Items *items, const GateRow *row, const GateTime *time, int *decided_by)
{
	cl_rule_question question;

	question.at = time->has_at ? time->at : GetCurrentStatementStartTimestamp();
	question.has_collected = row->has_collected;
	question.collected = row->collected;
	question.within = within;
	question.dag = items->declared;
	return cl_rule_decide(&question, items->items, items->n, decided_by);
}
