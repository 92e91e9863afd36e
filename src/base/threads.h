/* threads.h: can threads be started? A control group (`pids.max`), a user's limit or too little address space may say no. */
#pragma once
#include "base/attr.h"
#include "base/error.h"

/* Starts `count` threads, which end again when all of them run. ERR_IO when one cannot be started. For what does not take it well that a
 * thread cannot be: others may take the place of these before it is used, so it makes that unlikely, not impossible. */
int threads_check(int count, Error *err) MUST_CHECK;
