/* terminate.h: what is still said when DuckDB ends the process. */
#pragma once

/* From now on a C++ exception that leaves no other way ends the process with the exit code of ERR_IO and with the next step in the log, not
 * by SIGABRT. `library` is what dlopen gave for libduckdb; nothing happens when its C++ library cannot be asked. Once a process. */
void terminate_prepare(void *library);
