/* hangup.h: SIGHUP asks a server to open its files again. Without hangup_install it ends the process as SIGTERM does (stop.h), as the
 * end of a terminal should. */
#pragma once

void hangup_install(void);
int hangup_count(void); /* how many have come; any thread */
