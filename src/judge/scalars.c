/* scalars.c: see scalars.h. */
#include "judge/scalars.h"

#include "base/clock.h"
#include "judge/formats.h"
#include "judge/number.h"
#include <string.h>

#define USUAL_FIRST_US INT64_C(946684800000000) /* 2000-01-01 */
#define USUAL_AHEAD_US (INT64_C(366) * 86400 * USEC_PER_SEC)

/* ---- columns ---- */

static void set_valid(const Judge *j, const Node *node) {
    j->columns[node->column].valid[j->row / 64] |= UINT64_C(1) << (j->row % 64);
}

static void store_number(const Judge *j, const Node *node, int64_t value) {
    if (node->column < 0) return;
    void *data = j->columns[node->column].data;
    switch (node->store) {
    case JUDGE_INT8: ((int8_t *)data)[j->row] = (int8_t)value; break;
    case JUDGE_INT16: ((int16_t *)data)[j->row] = (int16_t)value; break;
    case JUDGE_INT32: ((int32_t *)data)[j->row] = (int32_t)value; break;
    case JUDGE_INT64: ((int64_t *)data)[j->row] = value; break;
    case JUDGE_BOOL: ((bool *)data)[j->row] = value != 0; break;
    case JUDGE_TEXT: BUG("a number in a column of texts");
    }
    set_valid(j, node);
}

void store_text(const Judge *j, const Node *node, Span text) {
    if (node->column < 0) return;
    ((Span *)j->columns[node->column].data)[j->row] = text;
    set_valid(j, node);
}

/* ---- violations ---- */

static void __attribute__((noinline))
report(Judge *j, const char *rule, yyjson_val *value, const Place *place, const Path *path, Span reason) {
    violate(j, rule, path_text(j, path, true), value_text(j, value, place), reason);
}

static const char *type_words(const Node *node) {
    switch (node->type) {
    case VALUE_INTEGER: return "an integer";
    case VALUE_DECIMAL: return "a number";
    case VALUE_BOOLEAN: return "a boolean";
    case VALUE_DATE: return "a date";
    case VALUE_TIMESTAMP: return "a timestamp";
    case VALUE_TIME: return "a time";
    case VALUE_JSON: return node->array ? "a list" : "an object";
    default: return "a text";
    }
}

Span wrong_type_reason(Judge *j, const Node *node, const char *kind) {
    return arena_format(&j->arena, "must be %s, not %s", type_words(node), kind);
}

static void wrong_type(Judge *j, const Node *node, yyjson_val *value, const Place *place, const Path *path) {
    report(j, "type", value, place, path, wrong_type_reason(j, node, kind_of(value)));
}

/* ---- tests ---- */

bool is_counted(Judge *j, const Test *t) {
    if (t->counted == 0) return false;
    note_measure(j, t->counted - 1);
    return true;
}

void count_absent(Judge *j, const Node *node) {
    for (const Test *t = node->tests; t < node->tests + node->test_count; t++)
        if (t->kind == TEST_PRESENT) note_measure(j, t->counted - 1);
}

static bool is_among(const Test *t, int64_t value) {
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (t->numbers[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->count && t->numbers[low] == value;
}

/* The sum may be beyond 64 bits. */
static bool is_ahead(const Judge *j, const Test *t, int64_t value) {
    int64_t latest;
    return !__builtin_add_overflow(j->in->message_us, t->most, &latest) && value > latest;
}

__extension__ typedef __int128 Wide; /* a product of two numbers of 64 bits */

static bool number_passes(const Judge *j, const Test *t, int64_t value) {
    switch (t->kind) {
    case TEST_RANGE: return value >= t->least && value <= t->most;
    case TEST_AMONG: return is_among(t, value) != t->none;
    case TEST_PRESENT:
    case TEST_ZONE: return true; /* of its text, which was judged before */
    case TEST_AHEAD: return !is_ahead(j, t, value);
    case TEST_STEPS: return (Wide)value * t->most % t->least == 0;
    default: BUG("a test that is not for numbers");
    }
}

const Test *failed_by_number(Judge *j, const Node *node, int64_t value) {
    for (const Test *t = node->tests; t < node->tests + node->test_count; t++)
        if (!number_passes(j, t, value) && !is_counted(j, t)) return t;
    return NULL;
}

static int64_t count_characters(Span text) {
    int64_t n = 0;
    for (size_t i = 0; i < text.len; i++) n += ((unsigned char)text.at[i] & 0xC0) != 0x80;
    return n;
}

static bool has_length(const Test *t, Span text) {
    int64_t n = count_characters(text);
    return n >= t->least && n <= t->most;
}

/* What is to say of a text that does not pass; absent: it does. */
static Span judge_text_by(Judge *j, const Test *t, Span text) {
    bool passes = false;
    switch (t->kind) {
    case TEST_LENGTH: passes = has_length(t, text); break;
    case TEST_TEXTS: passes = (names_find(&t->texts, text.at, text.len) != NAME_UNKNOWN) != t->none; break;
    case TEST_PRESENT: passes = true; break;
    case TEST_FORMAT: passes = text_has_format((TextFormat)t->check->number, text); break;
    case TEST_PATTERN: {
        PatternOutcome outcome = pattern_match(t->pattern, j->patterns, text);
        if (outcome == PATTERN_GIVEN_UP)
            return arena_format(&j->arena, "is too long, or takes too many steps, to be matched against %s", t->check->text);
        passes = outcome == PATTERN_MATCHES;
        break;
    }
    default: BUG("a test that is not for texts");
    }
    return passes ? (Span){0} : static_text(t->reason);
}

const Test *failed_by_text(Judge *j, const Node *node, Span text, Span *ret_reason) {
    for (const Test *t = node->tests; t < node->tests + node->test_count; t++) {
        *ret_reason = judge_text_by(j, t, text);
        if (ret_reason->at != NULL && !is_counted(j, t)) return t;
    }
    return NULL;
}

/* Of a number of any size. */
static bool digits_pass(const Test *t, const Number *n) {
    if (t->kind == TEST_PRESENT) return true;
    if (t->kind == TEST_LIMIT) {
        Number limit = number_read(static_text(t->check->text));
        if (t->check->kind == CHECK_MULTIPLE) return number_is_multiple(n, &limit);
        int order = number_compare(n, &limit);
        switch (t->check->kind) {
        case CHECK_MINIMUM: return order >= 0;
        case CHECK_MAXIMUM: return order <= 0;
        case CHECK_ABOVE: return order > 0;
        default: return order < 0;
        }
    }
    for (size_t i = 0; i < t->check->value_count; i++) {
        Number allowed = number_read(static_text(t->check->values[i]));
        if (number_compare(n, &allowed) == 0) return !t->none;
    }
    return t->none;
}

static const Test *failed_by_digits(Judge *j, const Node *node, Span digits) {
    Number n = number_read(digits);
    for (const Test *t = node->tests; t < node->tests + node->test_count; t++)
        if (!digits_pass(t, &n) && !is_counted(j, t)) return t;
    return NULL;
}

/* ---- numbers ---- */

/* The digits of a number, or of a text that is one; absent: neither. */
static Span digits_of(Judge *j, const Node *node, yyjson_val *value) {
    if (yyjson_is_raw(value)) return message_number(&j->message, value);
    if (!yyjson_is_str(value)) return (Span){0};
    Span text = message_string(&j->message, value, &j->arena);
    return number_is_plain(text, node->type == VALUE_DECIMAL) ? text : (Span){0};
}

static void __attribute__((noinline)) wrong_number(Judge *j, const Node *node, yyjson_val *value, const Path *path, NumberFit fit) {
    const char *s = node->scale == 1 ? "" : "s";
    if (fit == NUMBER_TOO_LARGE)
        report(j, "range", value, NULL, path, arena_format(&j->arena, "does not fit %s", node->sql_type));
    else if (node->type == VALUE_INTEGER)
        report(j, "type", value, NULL, path, static_text("must be an integer, not a number with decimals"));
    else
        report(j, "scale", value, NULL, path, arena_format(&j->arena, "must have at most %d decimal%s", node->scale, s));
}

static NumberFit fit_number(const Node *node, Span digits, int64_t *ret) {
    NumberFit fit = number_read_scaled(digits, node->scale, ret);
    return fit == NUMBER_FITS && (*ret < node->least || *ret > node->most) ? NUMBER_TOO_LARGE : fit;
}

static void judge_number(Judge *j, const Node *node, yyjson_val *value, const Place *place, const Path *path) {
    Span digits = digits_of(j, node, value);
    int64_t number = 0;
    if (digits.at == NULL) {
        wrong_type(j, node, value, place, path);
        return;
    }
    NumberFit fit = node->any_size ? NUMBER_FITS : fit_number(node, digits, &number);
    if (fit != NUMBER_FITS) {
        wrong_number(j, node, value, path, fit);
        return;
    }
    if (yyjson_is_str(value)) add_drift(j, "number_as_text", path_text(j, path, false), digits);
    const Test *failed = node->any_size ? failed_by_digits(j, node, digits) : failed_by_number(j, node, number);
    if (failed != NULL)
        report(j, failed->rule, value, place, path, static_text(failed->reason));
    else
        store_number(j, node, number);
}

int64_t scalar_integer(Judge *j, const Node *node, yyjson_val *value) {
    int64_t number;
    if (fit_number(node, digits_of(j, node, value), &number) != NUMBER_FITS) BUG("an integer that did not fit passed");
    return number;
}

/* ---- texts and times ---- */

static void judge_text(Judge *j, const Node *node, yyjson_val *value, const Place *place, const Path *path) {
    Span reason;
    if (!yyjson_is_str(value)) {
        wrong_type(j, node, value, place, path);
        return;
    }
    Span text = message_string(&j->message, value, &j->arena);
    const Test *failed = failed_by_text(j, node, text, &reason);
    if (failed != NULL)
        report(j, failed->rule, value, place, path, reason);
    else
        store_text(j, node, text);
}

static const char *form_of(const Node *node) {
    static const char *const forms[] = {[TIME_ISO8601] = "must be a timestamp as 2026-11-24T10:15:00Z",
                                        [TIME_EPOCH_S] = "must be a number of seconds since 1970",
                                        [TIME_EPOCH_MS] = "must be a number of milliseconds since 1970",
                                        [TIME_EPOCH_US] = "must be a number of microseconds since 1970",
                                        [TIME_EPOCH_NS] = "must be a number of nanoseconds since 1970"};
    switch (node->type) {
    case VALUE_DATE: return "must be a date as 2026-11-24";
    case VALUE_TIME: return "must be a time as 10:15:00";
    default: return forms[node->time_form];
    }
}

static void wrong_time(Judge *j, const Node *node, yyjson_val *value, const Path *path, ClockReading found) {
    static const char *const reasons[] = {[CLOCK_NO_SUCH_DAY] = "is a day that there is not",
                                          [CLOCK_NO_SUCH_HOUR] = "is a time of day that there is not",
                                          [CLOCK_ZONE_TOO_FAR] = "must be at most 14 hours from UTC",
                                          [CLOCK_YEAR_TOO_FAR] = "must be in the years 0001 to 9999"};
    static const char *const epochs[] = {[TIME_EPOCH_S] = "must be in the years 0001 to 9999 as a number of seconds since 1970",
                                         [TIME_EPOCH_MS] = "must be in the years 0001 to 9999 as a number of milliseconds since 1970",
                                         [TIME_EPOCH_US] = "must be in the years 0001 to 9999 as a number of microseconds since 1970",
                                         [TIME_EPOCH_NS] = "must be in the years 0001 to 9999 as a number of nanoseconds since 1970"};
    if (found == CLOCK_YEAR_TOO_FAR && node->type == VALUE_TIMESTAMP && node->time_form != TIME_ISO8601)
        report(j, "impossible_time", value, NULL, path, static_text(epochs[node->time_form]));
    else if (found != CLOCK_OTHER_FORM)
        report(j, "impossible_time", value, NULL, path, static_text(reasons[found]));
    else
        report(j, "type", value, NULL, path, static_text(form_of(node)));
}

/* Numbers of seconds and milliseconds that are read in a smaller unit are times of 1970, and pass. */
const char *epoch_of_another_unit(const Judge *j, const Node *node, int64_t us) {
    static const struct {
        TimeForm declared;
        int64_t factor;
        const char *kind;
    } units[] = {{TIME_EPOCH_MS, 1000, "epoch_s_read_as_epoch_ms"},     {TIME_EPOCH_US, 1000, "epoch_ms_read_as_epoch_us"},
                 {TIME_EPOCH_US, 1000000, "epoch_s_read_as_epoch_us"},  {TIME_EPOCH_NS, 1000, "epoch_us_read_as_epoch_ns"},
                 {TIME_EPOCH_NS, 1000000, "epoch_ms_read_as_epoch_ns"}, {TIME_EPOCH_NS, 1000000000, "epoch_s_read_as_epoch_ns"}};
    int64_t meant;
    if (node->time_form == TIME_ISO8601 || us >= USUAL_FIRST_US) return NULL;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (units[i].declared == node->time_form && !__builtin_mul_overflow(us, units[i].factor, &meant) && meant >= USUAL_FIRST_US &&
            meant <= j->in->ingested_us + USUAL_AHEAD_US)
            return units[i].kind;
    return NULL;
}

/* A number, or a text of one, since an epoch. */
static ClockReading read_epoch(Judge *j, const Node *node, yyjson_val *value, int64_t *ret) {
    static const int decimals[] = {[TIME_EPOCH_S] = 0, [TIME_EPOCH_MS] = 3, [TIME_EPOCH_US] = 6, [TIME_EPOCH_NS] = 9};
    Span digits = yyjson_is_raw(value) ? message_number(&j->message, value) : message_string(&j->message, value, &j->arena);
    return clock_read_epoch(digits, decimals[node->time_form], ret);
}

/* In the units of the node. */
static ClockReading read_time(Judge *j, const Node *node, yyjson_val *value, int64_t *ret, bool *ret_has_zone) {
    int32_t day = 0;
    if (node->time_form != TIME_ISO8601) return read_epoch(j, node, value, ret);
    Span text = message_string(&j->message, value, &j->arena);
    if (node->type == VALUE_TIME) return clock_read_time(text, ret);
    if (node->type == VALUE_TIMESTAMP) return clock_read_in_zone(text, node->zone_s, ret, ret_has_zone);
    ClockReading found = clock_read_date(text, &day);
    *ret = day;
    return found;
}

static const Test *failed_by_zone(Judge *j, const Node *node, bool has_zone) {
    for (const Test *t = node->tests; t < node->tests + node->test_count; t++)
        if (t->kind == TEST_ZONE && (t->least == 1) != has_zone && !is_counted(j, t)) return t;
    return NULL;
}

static void judge_time(Judge *j, const Node *node, yyjson_val *value, const Place *place, const Path *path) {
    int64_t time;
    bool has_zone = false;
    if (!yyjson_is_str(value) && !(node->time_form != TIME_ISO8601 && yyjson_is_raw(value))) {
        wrong_type(j, node, value, place, path);
        return;
    }
    ClockReading found = read_time(j, node, value, &time, &has_zone);
    if (found != CLOCK_READ) {
        wrong_time(j, node, value, path, found);
        return;
    }
    const char *unit = epoch_of_another_unit(j, node, time);
    if (unit != NULL) add_unit_drift(j, unit, path_text(j, path, false), value_text(j, value, place));
    const Test *failed = failed_by_zone(j, node, has_zone);
    if (failed == NULL) failed = failed_by_number(j, node, time);
    if (failed != NULL)
        report(j, failed->rule, value, place, path, static_text(failed->reason));
    else
        store_number(j, node, time);
}

static void judge_boolean(Judge *j, const Node *node, yyjson_val *value, const Place *place, const Path *path) {
    if (!yyjson_is_bool(value)) {
        wrong_type(j, node, value, place, path);
        return;
    }
    const Test *failed = failed_by_number(j, node, yyjson_get_bool(value));
    if (failed != NULL)
        report(j, failed->rule, value, place, path, static_text(failed->reason));
    else
        store_number(j, node, yyjson_get_bool(value));
}

void scalar_judge(Judge *j, const Node *node, yyjson_val *value, const Place *place, const Path *path) {
    switch (node->type) {
    case VALUE_TEXT: judge_text(j, node, value, place, path); return;
    case VALUE_INTEGER:
    case VALUE_DECIMAL: judge_number(j, node, value, place, path); return;
    case VALUE_BOOLEAN: judge_boolean(j, node, value, place, path); return;
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_TIMESTAMP: judge_time(j, node, value, place, path); return;
    case VALUE_JSON: BUG("an object or an array is no scalar");
    }
}
