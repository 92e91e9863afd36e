/* stop_watchdog.h: ends a process within seconds of a stop, also while one long statement runs. Some time after a stop was requested it
 * interrupts whatever runs on the lake, again and again until it is freed. An interrupted transaction is rolled back. */
#pragma once
#include "lake/lake.h"

typedef struct StopWatchdog StopWatchdog;
/* `lake` is borrowed: free the watchdog first. NULL when there is no thread to spare: then a stop waits for the statement that runs. */
StopWatchdog *stop_watchdog_new(Lake *lake);
void stop_watchdog_free(StopWatchdog *s);
DEFINE_CLEANUP(stop_watchdog_free, StopWatchdog)
