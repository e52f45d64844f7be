/*
 * event.c
 *		The canonical bytes of an event.
 */
#include "core/event.h"

#include <string.h>

#include "core/json.h"

/* In the order of cl_member, which is that of the canonical form. */
static const char *const names[CL_MEMBERS] = {
	"actor", "choices", "commitment", "detail", "event_time", "evidence",
	"external_id", "id", "jurisdiction", "kind", "method", "nonce", "notice",
	"recorded_at", "recorded_by", "row_key", "source", "subject_no",
	"table_name", "v"
};

const char *
cl_member_name(cl_member m)
{
	return names[m];
}

size_t
cl_event_encode(const cl_value values[CL_MEMBERS], char *out, size_t cap)
{
	cl_json_member members[CL_MEMBERS];

	for (int m = 0; m < CL_MEMBERS; m++)
	{
		members[m].name = names[m];
		members[m].name_len = strlen(names[m]);
		members[m].value = values[m].data;
		members[m].value_len = values[m].len;
	}
	members[CL_M_VERSION].value = CL_EVENT_VERSION;
	members[CL_M_VERSION].value_len = strlen(CL_EVENT_VERSION);
	return cl_json_write(members, CL_MEMBERS, out, cap);
}

static int
find_member(const cl_json_member *member)
{
	for (int m = 0; m < CL_MEMBERS; m++)
		if (strlen(names[m]) == member->name_len &&
			memcmp(names[m], member->name, member->name_len) == 0)
			return m;
	return -1;
}

size_t
cl_event_decode(const char *bytes, size_t len, cl_value values[CL_MEMBERS],
				char *scratch)
{
	cl_json_member members[CL_MEMBERS];
	size_t		offset;
	int			n = cl_json_read(bytes, len, members, CL_MEMBERS, scratch, &offset);

	memset(values, 0, CL_MEMBERS * sizeof(cl_value));
	if (n < 0)
		return offset + 1;
	for (int i = 0; i < n; i++)
	{
		int			m = find_member(&members[i]);

		if (m < 0)
			return 1;
		values[m].data = members[i].value;
		values[m].len = members[i].value_len;
	}
	if (!values[CL_M_VERSION].data ||
		values[CL_M_VERSION].len != strlen(CL_EVENT_VERSION) ||
		memcmp(values[CL_M_VERSION].data, CL_EVENT_VERSION, values[CL_M_VERSION].len) != 0)
		return 1;
	return 0;
}
