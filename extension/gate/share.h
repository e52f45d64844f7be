/*
 * share.h
 *		What part of the subjects permit a purpose, for the planner.
 */
#ifndef GATE_SHARE_H
#define GATE_SHARE_H

#include "gate/gate.h"

/*
 * Of all subjects that the active snapshot shows, by a few pages of them; above
 * 0 and below 1.  What is permitted for some tables or rows only does not count.
 */
extern double share_that_permits(const Declared *d, const Purpose *purpose);

#endif
