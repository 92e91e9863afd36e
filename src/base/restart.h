/* restart.h: replaces this process by a new start of itself, with the same command line and environment: for when a library in it has
 * failed for good, and nothing else is wrong. */
#pragma once
#include "base/error.h"

/* Does not return when it worked; every open file but the standard ones is closed, every thread gone. ERR_IO. */
int restart_process(Error *err) MUST_CHECK;
