/* restart.h: restarts this process with the same command line and environment. Used when a library has failed permanently and a new process
 * can continue. */
#pragma once
#include "base/error.h"

/* Does not return on success. Closes every open file except the standard ones, and ends all threads. ERR_IO. */
int restart_process(Error *err) MUST_CHECK;
