/* stop_watchdog.h: an end within seconds, also while one long statement runs: some time after a stop was requested, whatever runs on the
 * lake is interrupted, again and again until the watchdog is freed. What was open is rolled back: nothing is half done. */
#pragma once
#include "lake/lake.h"

typedef struct StopWatchdog StopWatchdog;
/* `lake` is borrowed; free the stopper first. Without a thread to spare there is none (NULL): the work ends at its next border. */
StopWatchdog *stop_watchdog_new(Lake *lake);
void stop_watchdog_free(StopWatchdog *s);
DEFINE_CLEANUP(stop_watchdog_free, StopWatchdog)
