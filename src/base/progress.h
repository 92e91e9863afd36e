/* progress.h: progress with rate and ETA on stderr: a redrawn line on a terminal (5 a second), a log line every 10 s elsewhere.
 * One thread per Progress. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct Progress {
    const char *what; /* component, e.g. "ingest"; borrowed */
    const char *unit; /* plural, e.g. "events"; borrowed */
    uint64_t total;   /* 0: not known, no ETA */
    int64_t started_ns, shown_ns;
    bool terminal, drawn;
} Progress;

void progress_start(Progress *p, const char *what, const char *unit, uint64_t total);
void progress_update(Progress *p, uint64_t done);
/* Erases the terminal line before the summary is printed. */
void progress_end(Progress *p);
