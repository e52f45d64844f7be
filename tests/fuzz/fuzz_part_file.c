/*
 * fuzz_part_file.c
 *		The file of a part of a run: whatever is read of it is in order.
 */
#include "cli/part_file.h"
#include "files.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static part_file file;
	static cl_run_event event;
	log_dir		dir;
	char		table[TABLE_NAME_MAX];
	size_t		table_len = 0;
	uint64_t	offset = 0;
	int			status;

	put_file("manifests/1/1", data, size);
	as_log(&dir, 0);
	if (!part_file_open(&file, &dir, 1, 1))
	{
		require(size < CL_HASH_BYTES);
		return 0;
	}
	while ((status = part_file_next(&file)) == 1)
	{
		size_t		common = table_len < file.table_len ? table_len : file.table_len;
		int			order = memcmp(table, file.table, common);

		require(file.offset >= offset && file.offset <= size);
		require(order < 0 || (order == 0 && table_len <= file.table_len));
		offset = file.offset;
		table_len = file.table_len;
		memcpy(table, file.table, table_len);
	}
	require(status != 0 || file.offset == size);
	part_file_open(&file, &dir, 1, 1);
	require(!part_file_check(&file, &event));
	return 0;
}
