/* words.c: see words.h. */
#include "contract/words.h"

#include "base/error.h"
#include <inttypes.h>

const char *const text_format_names[TEXT_FORMATS] = {
    [FORMAT_DATE] = "date",   [FORMAT_TIME] = "time",         [FORMAT_DATE_TIME] = "date-time",
    [FORMAT_EMAIL] = "email", [FORMAT_HOSTNAME] = "hostname", [FORMAT_IPV4] = "ipv4",
    [FORMAT_IPV6] = "ipv6",   [FORMAT_URI] = "uri",           [FORMAT_UUID] = "uuid",
};

const char *const text_format_words[TEXT_FORMATS] = {
    [FORMAT_DATE] = "a date as 2026-11-24",
    [FORMAT_TIME] = "a time as 10:15:00",
    [FORMAT_DATE_TIME] = "a timestamp as 2026-11-24T10:15:00Z",
    [FORMAT_EMAIL] = "an e-mail address",
    [FORMAT_HOSTNAME] = "a host name",
    [FORMAT_IPV4] = "an IPv4 address",
    [FORMAT_IPV6] = "an IPv6 address",
    [FORMAT_URI] = "a URI with its scheme",
    [FORMAT_UUID] = "a UUID",
};

static void add_length(Buf *out, const char *end, int64_t n, const char *of) {
    buf_addf(out, "must have at %s %" PRId64 " %s%s", end, n, of, n == 1 ? "" : "s");
}

void check_words(const Check *check, Buf *out) {
    switch (check->kind) {
    case CHECK_MINIMUM: buf_addf(out, "must be at least %s", check->text); break;
    case CHECK_MAXIMUM: buf_addf(out, "must be at most %s", check->text); break;
    case CHECK_ABOVE: buf_addf(out, "must be above %s", check->text); break;
    case CHECK_BELOW: buf_addf(out, "must be below %s", check->text); break;
    case CHECK_MIN_LENGTH: add_length(out, "least", check->number, "character"); break;
    case CHECK_MAX_LENGTH: add_length(out, "most", check->number, "character"); break;
    case CHECK_PATTERN: buf_addf(out, "must match %s", check->text); break;
    case CHECK_PRESENT: buf_add_str(out, "must be there"); break;
    case CHECK_VALUES:
    case CHECK_NOT_VALUES:
        buf_add_str(out, check->kind == CHECK_VALUES ? "must be one of" : "must be none of");
        for (size_t i = 0; i < check->value_count; i++)
            buf_addf(out, check->of_texts ? "%s \"%s\"" : "%s %s", i > 0 ? "," : "", check->values[i]);
        break;
    case CHECK_AHEAD: buf_addf(out, "must be at most %g hours after the message", (double)check->number / 3.6e9); break;
    case CHECK_MULTIPLE: buf_addf(out, "must be a multiple of %s", check->text); break;
    case CHECK_FORMAT: buf_addf(out, "must be %s", text_format_words[check->number]); break;
    case CHECK_MIN_ITEMS: add_length(out, "least", check->number, check->of_array ? "element" : "member"); break;
    case CHECK_MAX_ITEMS: add_length(out, "most", check->number, check->of_array ? "element" : "member"); break;
    case CHECK_UNIQUE_ITEMS: buf_add_str(out, "must not have an element twice"); break;
    case CHECK_MEMBER: buf_addf(out, "must have the member %s", check->text); break;
    case CHECK_ZONE: buf_add_str(out, check->number ? "must have an offset from UTC, or Z" : "must have no offset from UTC"); break;
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
