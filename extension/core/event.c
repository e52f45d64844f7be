/*
 * event.c
 *		The canonical bytes of an event (RFC 8785 JSON, flat, strings only).
 */
#include "core/event.h"

#include "core/json.h"

/* Indexed by cl_member, and sorted: that order is the canonical one. */
#define NAME(name) {name, sizeof(name) - 1, ",\"" name "\":"}
static const struct
{
	const char *name;
	size_t		len;
	const char *opening;		/* what a member begins with, but the first */
}			names[CL_MEMBERS] = {
	NAME("actor"), NAME("choices"), NAME("commitment"), NAME("detail"), NAME("event_time"), NAME("evidence"),
	NAME("external_id"), NAME("id"), NAME("jurisdiction"), NAME("kind"), NAME("method"), NAME("nonce"), NAME("notice"),
	NAME("recorded_at"), NAME("recorded_by"), NAME("row_key"), NAME("source"), NAME("subject_no"),
	NAME("table_name"), NAME("v")
};

const char *
cl_member_name(cl_member m)
{
	return names[m].name;
}

size_t
cl_event_encode(const cl_value values[CL_MEMBERS], char *out, size_t cap)
{
	cl_buffer	b = {out, cap, 0};

	for (int m = 0; m < CL_MEMBERS; m++)
	{
		cl_value	value = m == CL_M_VERSION ? cl_string(CL_EVENT_VERSION) : values[m];
		size_t		skip;

		if (value.data == NULL)
			continue;
		if (b.len == 0)
			cl_put_char(&b, '{');
		skip = b.len == 1;
		cl_put(&b, names[m].opening + skip, names[m].len + 4 - skip);
		if (!cl_json_put_string(&b, value.data, value.len))
			return 0;
	}
	cl_put_char(&b, '}');
	return b.len;
}

/* The member of a name, or CL_MEMBERS. */
static cl_member
find_member(const cl_json_member *member)
{
	cl_value	name = {member->name, member->name_len};
	int			m = 0;

	while (m < CL_MEMBERS && !cl_value_equal(name, (cl_value) {names[m].name, names[m].len}))
		m++;
	return (cl_member) m;
}

size_t
cl_event_decode(const char *bytes, size_t len, cl_value values[CL_MEMBERS], char *scratch)
{
	cl_json_member members[CL_MEMBERS];
	size_t		offset;
	int			n;

	memset(values, 0, CL_MEMBERS * sizeof(cl_value));
	if (len > CL_EVENT_MAX)
		return CL_EVENT_MAX + 1;
	n = cl_json_read(bytes, len, members, CL_MEMBERS, scratch, &offset);
	if (n < 0)
		return offset + 1;
	for (int i = 0; i < n; i++)
	{
		cl_member	m = find_member(&members[i]);

		if (m == CL_MEMBERS)
			return 1;
		values[m] = (cl_value) {members[i].value, members[i].value_len};
	}
	return cl_value_equal(values[CL_M_VERSION], cl_string(CL_EVENT_VERSION)) ? 0 : 1;
}
