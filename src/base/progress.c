/* progress.c: see progress.h. */
#include "base/progress.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define TERMINAL_EVERY_NS (NSEC_PER_SEC / 5)
#define LOG_EVERY_NS      (10 * NSEC_PER_SEC)

void progress_start(Progress *p, const char *what, const char *unit, uint64_t total) {
    int64_t now = clock_mono_ns();
    *p = (Progress){.what = what, .unit = unit, .total = total, .started_ns = now, .shown_ns = now, .terminal = isatty(STDERR_FILENO)};
}

static void describe(const Progress *p, uint64_t done, char *text, size_t size) {
    double rate = (double)done / (clock_seconds_since(p->started_ns) + 1e-9);
    if (p->total == 0 || rate <= 0) {
        snprintf(text, size, "%" PRIu64 " %s, %.0f/s", done, p->unit, rate);
        return;
    }
    double left = done < p->total ? (double)(p->total - done) / rate : 0;
    snprintf(text, size, "%" PRIu64 " of %" PRIu64 " %s (%.0f%%), %.0f/s, %.0f s left", done, p->total, p->unit,
             100.0 * (double)done / (double)p->total, rate, left);
}

void progress_update(Progress *p, uint64_t done) {
    int64_t now = clock_mono_ns();
    if (now - p->shown_ns < (p->terminal ? TERMINAL_EVERY_NS : LOG_EVERY_NS)) return;
    p->shown_ns = now;
    char text[160];
    describe(p, done, text, sizeof text);
    if (p->terminal) {
        CLEANUP(free_text) char *drawn = xasprintf("\r\033[K%s: %s", p->what, text);
        log_text(drawn);
        p->drawn = true;
    } else {
        log_info(p->what, "%s", text);
    }
}

void progress_end(Progress *p) {
    if (p->drawn) log_text("\r\033[K");
    p->drawn = false;
}
