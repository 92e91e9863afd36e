/* restart.h: beginning again as if started anew, with the same command line and environment: for a process that may not go on, since what a
 * library holds in it is of no use any more, while nothing is wrong with the world. */
#pragma once
#include "base/error.h"

/* Does not return when it worked; every open file but the standard ones is closed, every thread gone. ERR_IO. */
int restart_process(Error *err) MUST_CHECK;
