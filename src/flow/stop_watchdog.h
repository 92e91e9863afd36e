/* stop_watchdog.h: ends the process within seconds although one long statement runs: some time after a stop was requested it interrupts
 * every statement on the lake, again and again until the watchdog is freed. An interrupted transaction is rolled back. */
#pragma once
#include "lake/lake.h"

typedef struct StopWatchdog StopWatchdog;
/* `lake` is borrowed; free the watchdog first. NULL when no thread can be started: then the work stops after the statement that runs. */
StopWatchdog *stop_watchdog_new(Lake *lake);
void stop_watchdog_free(StopWatchdog *s);
DEFINE_CLEANUP(stop_watchdog_free, StopWatchdog)
