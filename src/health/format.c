/* format.c: numbers and times for people. */
#include "health/internal.h"

#include <inttypes.h>

static void add_grouped(Buf *out, int64_t n) {
    if (n >= 1000) {
        add_grouped(out, n / 1000);
        buf_addf(out, ",%03d", (int)(n % 1000));
    } else {
        buf_addf(out, "%" PRId64, n);
    }
}

void format_count(Buf *out, int64_t n, const char *one, const char *many) {
    add_grouped(out, n < 0 ? 0 : n);
    buf_addf(out, " %s", n == 1 ? one : many);
}

void format_age(Buf *out, int64_t us) {
    static const struct {
        int64_t seconds;
        const char *one, *many;
    } units[] = {{86400, "day", "days"}, {3600, "hour", "hours"}, {60, "minute", "minutes"}, {1, "second", "seconds"}};
    int64_t seconds = us < 0 ? 0 : us / USEC_PER_SEC;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (seconds >= units[i].seconds * (i == 0 ? 2 : 1) || i == ARRAY_LEN(units) - 1) {
            format_count(out, seconds / units[i].seconds, units[i].one, units[i].many);
            return;
        }
}

void format_bytes(Buf *out, int64_t bytes) {
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double amount = (double)bytes;
    size_t unit = 0;
    while (amount >= 1000 && unit + 1 < ARRAY_LEN(units)) amount /= 1000, unit++;
    buf_addf(out, amount < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", amount, units[unit]);
}
