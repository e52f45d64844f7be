/*
 * cosigned.h
 *		Checkpoints with what witnesses have said of them.
 */
#ifndef LOG_COSIGNED_H
#define LOG_COSIGNED_H

/*
 * The note of a checkpoint, palloc'd, with the line of each witness: the first
 * of at least so many leaves that most have cosigned, and its size; NULL if
 * none is cosigned.
 */
extern char *cosigned_best(int64 least, int64 *size);

/* That of a size, cosigned or not; of the newest for 0.  Error 42704 if there is none. */
extern char *cosigned_require(int64 size);

#endif
