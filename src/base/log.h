/* log.h: log lines on stderr: text on a terminal, one JSON object per line otherwise (or the format given to log_setup). Any thread.
 *
 * Logging never blocks for long: what a reader is too slow for waits in memory, and what is too much for that is dropped. A line says where
 * and how many, once the log can be written again.
 *
 * Modules log what an operator should know (a broker is away, a topic was created). They never write to stdout and never exit. */
#pragma once
#include "base/attr.h"

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } LogLevel;
typedef enum LogFormat { LOG_AUTO, LOG_TEXT, LOG_JSON } LogFormat;

void log_setup(LogLevel least, LogFormat format);
/* `component` is the module or command that logs: "kafka", "ingest", ... */
void log_write(LogLevel level, const char *component, const char *fmt, ...) PRINTF_LIKE(3, 4);
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
/* What is no line: progress on a terminal. */
void log_text(const char *text);
/* Before the process ends or becomes another one: waits a moment until all of it is written. */
void log_end(void);
