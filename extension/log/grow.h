/*
 * grow.h
 *		Add leaves to the log, and write the tiles that they complete.
 */
#ifndef LOG_GROW_H
#define LOG_GROW_H

#include "log/tree.h"

typedef struct Grow Grow;

/* From the end of a tree, which must stay open. */
extern Grow *grow_begin(LogTree *tree);

/* The seal, whose note this is, becomes the next leaf.  A tile takes 256 of them. */
extern void grow_add(Grow *grow, int64 seal_no, cl_value note);
extern void grow_end(Grow *grow);

#endif
