/*
 * run_event.c
 *		What the events of runs say: opened, a part, closed.
 */
#include "core/run_event.h"

#include "core/encode.h"
#include "core/json.h"

#define MEMBERS_MAX 16

typedef enum member_type
{
	TEXT,						/* required */
	OPTIONAL_TEXT,
	NUMBER,						/* not negative */
	HASH						/* hex */
} member_type;

/* One member of the detail, and where what it says goes. */
typedef struct member
{
	const char *name;
	member_type type;
	size_t		offset;
} member;

#define AT(field) offsetof(cl_run_event, field)

/* Sorted by name, as they come. */
static const member opened[] = {
	{"base_runs", TEXT, AT(base_runs)},
	{"model", OPTIONAL_TEXT, AT(model)},
	{"name", TEXT, AT(name)},
	{"purposes", TEXT, AT(purposes)},
	{"recipient", OPTIONAL_TEXT, AT(recipient)},
	{"used_at", OPTIONAL_TEXT, AT(used_at)}
};

static const member part[] = {
	{"blocks", NUMBER, AT(blocks)},
	{"count", NUMBER, AT(count)},
	{"hash", HASH, AT(hash)},
	{"part", NUMBER, AT(part)},
	{"run", NUMBER, AT(run)},
	{"tables", TEXT, AT(tables)}
};

static const member closed[] = {
	{"count", NUMBER, AT(count)},
	{"dataset_sha256", OPTIONAL_TEXT, AT(dataset_sha256)},
	{"draws", HASH, AT(draws)},
	{"hash", HASH, AT(hash)},
	{"missing", NUMBER, AT(missing)},
	{"outcome", TEXT, AT(outcome)},
	{"parts", NUMBER, AT(parts)},
	{"run", NUMBER, AT(run)},
	{"subjects", NUMBER, AT(subjects)},
	{"tree", HASH, AT(tree)}
};

/* Indexed by cl_run_kind. */
static const struct
{
	const char *name;
	const member *members;
	int			n;
}			kinds[] = {
	{"run_opened", opened, (int) (sizeof(opened) / sizeof(member))},
	{"run_part", part, (int) (sizeof(part) / sizeof(member))},
	{"run_closed", closed, (int) (sizeof(closed) / sizeof(member))}
};

/* Put what a member says where it belongs. */
static bool
read_value(const member *m, cl_value text, cl_run_event *event)
{
	void	   *to = (char *) event + m->offset;

	switch (m->type)
	{
		case NUMBER:
			return cl_read_integer(text, to);
		case HASH:
			return cl_hex_decode(text.data, text.len, to, CL_HASH_BYTES);
		default:
			*(cl_value *) to = text;
			return true;
	}
}

static bool
read_detail(cl_value detail, const member *members, int n, cl_run_event *event, char *scratch)
{
	const char *names[MEMBERS_MAX];
	cl_value	values[MEMBERS_MAX];

	for (int i = 0; i < n; i++)
		names[i] = members[i].name;
	if (!cl_json_read_known(detail.data, detail.len, names, n, values, scratch))
		return false;
	for (int i = 0; i < n; i++)
		if (values[i].data == NULL ? members[i].type != OPTIONAL_TEXT :
			!read_value(&members[i], values[i], event))
			return false;
	return true;
}

bool
cl_run_event_read(const char *bytes, size_t len, cl_run_event *event, char *scratch)
{
	cl_value	values[CL_MEMBERS];
	size_t		kind = 0;

	memset(event, 0, sizeof(*event));
	if (cl_event_decode(bytes, len, values, scratch) != 0 ||
		values[CL_M_KIND].data == NULL || values[CL_M_DETAIL].data == NULL ||
		values[CL_M_RECORDED_AT].data == NULL ||
		!cl_read_integer(values[CL_M_ID], &event->event_id))
		return false;
	while (kind < sizeof(kinds) / sizeof(kinds[0]) &&
		   !cl_value_equal(values[CL_M_KIND], cl_string(kinds[kind].name)))
		kind++;
	if (kind == sizeof(kinds) / sizeof(kinds[0]))
		return false;
	event->kind = (cl_run_kind) kind;
	event->recorded_at = values[CL_M_RECORDED_AT];
	if (event->kind == CL_RUN_OPENED)
		event->run = event->event_id;
	return read_detail(values[CL_M_DETAIL], kinds[kind].members, kinds[kind].n, event, scratch + len);
}
