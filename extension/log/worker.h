/*
 * worker.h
 *		A background worker that signs checkpoints.
 */
#ifndef LOG_WORKER_H
#define LOG_WORKER_H

/* Define its settings and, in the postmaster, register one for each database named. */
extern void worker_init(void);

#endif
