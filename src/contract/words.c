/* words.c: see words.h. */
#include "contract/words.h"

#include "base/error.h"
#include <inttypes.h>

static void add_length(Buf *out, const char *end, int64_t n) {
    buf_addf(out, "must have at %s %" PRId64 " character%s", end, n, n == 1 ? "" : "s");
}

void check_words(const Check *check, Buf *out) {
    switch (check->kind) {
    case CHECK_MINIMUM: buf_addf(out, "must be at least %s", check->text); break;
    case CHECK_MAXIMUM: buf_addf(out, "must be at most %s", check->text); break;
    case CHECK_ABOVE: buf_addf(out, "must be above %s", check->text); break;
    case CHECK_BELOW: buf_addf(out, "must be below %s", check->text); break;
    case CHECK_MIN_LENGTH: add_length(out, "least", check->number); break;
    case CHECK_MAX_LENGTH: add_length(out, "most", check->number); break;
    case CHECK_PATTERN: buf_addf(out, "must match %s", check->text); break;
    case CHECK_PRESENT: buf_add_str(out, "must be there"); break;
    case CHECK_VALUES:
    case CHECK_NOT_VALUES:
        buf_add_str(out, check->kind == CHECK_VALUES ? "must be one of" : "must be none of");
        for (size_t i = 0; i < check->value_count; i++) buf_addf(out, "%s %s", i > 0 ? "," : "", check->values[i]);
        break;
    case CHECK_AHEAD: buf_addf(out, "must be at most %g hours after the message", (double)check->number / 3.6e9); break;
    }
}

/* ---- rules about many events ---- */

const char *const measure_metric_names[] = {[MEASURE_NULLS] = "nullValues",
                                            [MEASURE_MISSING] = "missingValues",
                                            [MEASURE_INVALID] = "invalidValues",
                                            [MEASURE_DUPLICATES] = "duplicateValues",
                                            [MEASURE_ROWS] = "rowCount"};

void measure_words(const QualityMeasure *m, Buf *out) {
    static const char *const words[MEASURE_OPERATORS] = {[MUST_BE] = "",
                                                         [MUST_NOT_BE] = "not ",
                                                         [MUST_BE_ABOVE] = "above ",
                                                         [MUST_BE_AT_LEAST] = "at least ",
                                                         [MUST_BE_BELOW] = "below ",
                                                         [MUST_BE_AT_MOST] = "at most ",
                                                         [MUST_BE_BETWEEN] = "from ",
                                                         [MUST_NOT_BE_BETWEEN] = "not from "};
    bool pair = m->op == MUST_BE_BETWEEN || m->op == MUST_NOT_BE_BETWEEN;
    buf_addf(out, "%s", measure_metric_names[m->metric]);
    if (m->field[0] != '\0') buf_addf(out, " of %s", m->field);
    buf_addf(out, " must be %s%g", words[m->op], m->low);
    if (pair) buf_addf(out, " to %g", m->high);
    if (m->percent) buf_add_str(out, " percent");
}

static bool is_between(const QualityMeasure *m, double value) {
    return value >= m->low && value <= m->high;
}

bool measure_holds(const QualityMeasure *m, double value) {
    bool same = !(value < m->low) && !(value > m->low);
    switch (m->op) {
    case MUST_BE: return same;
    case MUST_NOT_BE: return !same;
    case MUST_BE_ABOVE: return value > m->low;
    case MUST_BE_AT_LEAST: return value >= m->low;
    case MUST_BE_BELOW: return value < m->low;
    case MUST_BE_AT_MOST: return value <= m->low;
    case MUST_BE_BETWEEN: return is_between(m, value);
    case MUST_NOT_BE_BETWEEN: return !is_between(m, value);
    case MEASURE_OPERATORS: break;
    }
    BUG("an operator that is none");
}
