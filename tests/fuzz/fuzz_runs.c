/*
 * fuzz_runs.c
 *		The events of runs, with the files of two parts and of the draws of run 8192.
 *
 * The input is these files, each with its length; then the events, with a NUL
 * after each.
 */
#include "cli/runs.h"
#include "files.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"manifests/8192/1", "manifests/8192/2", "manifests/8192/draws"};
	log_dir		dir;
	runs		r;
	cl_scanner	in;
	cl_value	event;

	for (int i = 0; i < 3; i++)
	{
		cl_value	piece = take_piece(&data, &size);

		put_file(names[i], piece.data, piece.len);
	}
	as_log(&dir, 0);
	runs_begin(&r, &dir);
	in = (cl_scanner) {(const char *) data, size, 0};
	while (cl_take_until(&in, '\0', &event))
		runs_event(&r, event);
	require(r.closed <= r.n);
	runs_end(&r);
	return 0;
}
