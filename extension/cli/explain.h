/*
 * explain.h
 *		What nothing here proves, to be said with each answer that somebody might
 *		take for more than it is.
 */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

typedef enum limit
{
	LIMIT_RECORDED,				/* recorded is not done */
	LIMIT_STATEMENTS,			/* what only the operator says */
	LIMIT_DECLARED,				/* undeclared use */
	LIMIT_REACH					/* copies elsewhere */
} limit;

extern void explain_limit(limit which);

#endif
