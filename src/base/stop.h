/* stop.h: SIGINT, SIGTERM and SIGHUP (the end of a terminal, unless nohup ignores it) request a clean end (the work stops at its next safe
 * point); a second signal ends the process immediately. */
#pragma once
#include <stdbool.h>

void stop_install(void);   /* once, at start */
bool stop_requested(void); /* any thread */
void stop_request(void);   /* as if a signal had come; any thread */
/* Sleeps up to `ms`, less when a stop is requested. Returns true when it was. */
bool stop_wait_ms(int ms);
