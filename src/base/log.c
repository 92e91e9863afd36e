/* log.c: writes each line with one write(2), so that lines of several threads do not mix. JSON by jansson. */
#include "base/log.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/terminal.h"
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static const char *const level_names[] = {[LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
static LogLevel least_level = LOG_INFO;
static LogFormat chosen_format = LOG_AUTO;

void log_setup(LogLevel least, LogFormat format) {
    least_level = least;
    chosen_format = format;
}

static bool as_json(void) {
    if (chosen_format != LOG_AUTO) return chosen_format == LOG_JSON;
    return !isatty(STDERR_FILENO);
}

static char *json_line(LogLevel level, const char *component, const char *message) {
    char time[CLOCK_TEXT_SIZE];
    json_t *line = json_pack("{ss ss ss ss}", "time", clock_format(clock_wall_us(), time), "level", level_names[level], "component",
                             component, "message", message);
    char *text = line != NULL ? json_dumps(line, JSON_COMPACT) : NULL;
    json_decref(line);
    CLEANUP(free_text)
    char *shown = text != NULL ? terminal_value(text) : xstrdup("{\"level\":\"error\",\"message\":\"a log line was not valid UTF-8\"}");
    free(text);
    return xasprintf("%s\n", shown);
}

static char *text_line(LogLevel level, const char *component, const char *message) {
    char time[CLOCK_TEXT_SIZE];
    clock_format(clock_wall_us(), time);
    CLEANUP(free_text) char *shown = terminal_message(message);
    return xasprintf("%.8s %-5s %s: %s\n", time + 11, level_names[level], component, shown); /* 11: after "YYYY-MM-DDT" */
}

void log_write(LogLevel level, const char *component, const char *fmt, ...) {
    if (level < least_level) return;
    char *message = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&message, fmt, args);
    va_end(args);
    if (n < 0) return;
    CLEANUP(free_text) char *line = as_json() ? json_line(level, component, message) : text_line(level, component, message);
    free(message);
    ssize_t ignored = write(STDERR_FILENO, line, strlen(line));
    (void)ignored; /* a log that cannot be written cannot be reported */
}
