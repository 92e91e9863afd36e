/* tests.c: what a check demands, in the units of its node's values, and in words. Limits that the units cannot express (at least 0.005 of a
 * number with two decimals) become the next value that they can. */
#include "judge/tests.h"

#include "base/clock.h"
#include "base/memory.h"
#include "contract/missing.h"
#include "contract/words.h"
#include "judge/number.h"
#include <string.h>

/* ---- ranges ---- */

static Span span_of(const char *text) {
    return (Span){text, strlen(text)};
}

static bool is_lower(CheckKind kind) {
    return kind == CHECK_MINIMUM || kind == CHECK_ABOVE;
}

/* The limit in the node's units, and whether it is one of them: it may lie between two, or beyond 64 bits. */
static NumberFit limit_of(const Node *node, const Check *check, int64_t *ret) {
    *ret = check->number;
    if (node->type == VALUE_DATE) {
        int64_t day_us = 86400 * USEC_PER_SEC;
        *ret = check->number / day_us - (check->number % day_us < 0); /* that day, whatever the hour */
    } else if (node->type != VALUE_TIMESTAMP && node->type != VALUE_TIME)
        return number_read_scaled(span_of(check->text), node->scale, ret);
    return NUMBER_FITS;
}

static void let_nothing_pass(Test *t) {
    t->least = INT64_MAX;
    t->most = INT64_MIN;
}

static void set_range(Test *t, const Node *node, const Check *check) {
    int64_t limit;
    NumberFit fit = limit_of(node, check, &limit);
    bool excluded = fit == NUMBER_FITS && (check->kind == CHECK_ABOVE || check->kind == CHECK_BELOW), low = is_lower(check->kind);
    t->kind = TEST_RANGE;
    t->least = INT64_MIN;
    t->most = INT64_MAX;
    if (fit == NUMBER_TOO_LARGE) {
        if ((limit > 0) == low) let_nothing_pass(t);
    } else if (low) {
        t->least = limit;
        if ((fit == NUMBER_TOO_FINE || excluded) && __builtin_add_overflow(limit, 1, &t->least)) let_nothing_pass(t);
    } else {
        t->most = limit;
        if (excluded && __builtin_sub_overflow(limit, 1, &t->most)) let_nothing_pass(t);
    }
}

/* ---- lists ---- */

static int compare_numbers(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool is_number(const Node *node) {
    return node->type == VALUE_INTEGER || node->type == VALUE_DECIMAL;
}

static bool read_listed(const Node *node, const char *text, int64_t *ret) {
    if (!is_number(node)) return listed_value_read(node->type, node->time_form, text, ret);
    return number_read_scaled(span_of(text), node->scale, ret) == NUMBER_FITS;
}

/* Those that a value of this type can be; 1.5 is no integer. */
static void set_numbers(Test *t, const Node *node, const Check *check) {
    t->kind = TEST_AMONG;
    t->numbers = xcalloc(check->value_count, sizeof *t->numbers);
    for (size_t i = 0; i < check->value_count; i++)
        if (read_listed(node, check->values[i], &t->numbers[t->count])) t->count++;
    qsort(t->numbers, t->count, sizeof *t->numbers, compare_numbers);
}

static bool is_listed(const Span *list, size_t count, const char *text) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].at, text) == 0) return true;
    return false;
}

static void set_texts(Test *t, const Check *check) {
    t->kind = TEST_TEXTS;
    t->text_list = xcalloc(check->value_count, sizeof *t->text_list);
    for (size_t i = 0; i < check->value_count; i++)
        if (!is_listed(t->text_list, t->count, check->values[i])) t->text_list[t->count++] = span_of(check->values[i]);
    names_init(&t->texts, t->text_list, t->count);
}

static void set_values(Test *t, const Node *node, const Check *check) {
    if (node->type == VALUE_TEXT)
        set_texts(t, check);
    else if (node->any_size)
        t->kind = TEST_ONE_OF;
    else
        set_numbers(t, node, check);
}

/* ---- multiples ---- */

/* Of 0.05, at two decimals: 5 units. Of 0.125: ten of a value's units are to be a multiple of 125. Of a number of any size: by its digits.
 */
static void set_steps(Test *t, const Node *node, const Check *check) {
    enum { DECIMALS_MAX = 9 }; /* of a number in a contract */
    t->kind = node->any_size ? TEST_LIMIT : TEST_STEPS;
    t->most = 1;
    for (int scale = node->scale; !node->any_size; scale++, t->most *= 10) {
        if (number_read_scaled(span_of(check->text), scale, &t->least) != NUMBER_TOO_FINE) return;
        BUG_IF(scale > DECIMALS_MAX + node->scale);
    }
}

/* ---- tests ---- */

static int set_test(Test *t, const Node *node, const Check *check, Error *err) {
    switch (check->kind) {
    case CHECK_MINIMUM:
    case CHECK_MAXIMUM:
    case CHECK_ABOVE:
    case CHECK_BELOW:
        if (node->any_size)
            t->kind = TEST_LIMIT;
        else
            set_range(t, node, check);
        return 0;
    case CHECK_MIN_LENGTH:
    case CHECK_MAX_LENGTH:
        t->kind = TEST_LENGTH;
        t->least = check->kind == CHECK_MIN_LENGTH ? check->number : 0;
        t->most = check->kind == CHECK_MAX_LENGTH ? check->number : INT64_MAX;
        return 0;
    case CHECK_PATTERN: t->kind = TEST_PATTERN; return pattern_new(check->text, &t->pattern, err);
    case CHECK_NOT_VALUES:
    case CHECK_VALUES: set_values(t, node, check); return 0;
    case CHECK_PRESENT: t->kind = TEST_PRESENT; return 0;
    case CHECK_MULTIPLE: set_steps(t, node, check); return 0;
    case CHECK_FORMAT: t->kind = TEST_FORMAT; return 0;
    case CHECK_MIN_ITEMS:
    case CHECK_MAX_ITEMS:
        t->kind = TEST_COUNT;
        t->least = check->kind == CHECK_MIN_ITEMS ? check->number : 0;
        t->most = check->kind == CHECK_MAX_ITEMS ? check->number : INT64_MAX;
        return 0;
    case CHECK_UNIQUE_ITEMS: t->kind = TEST_UNIQUE; return 0;
    case CHECK_MEMBER: t->kind = TEST_MEMBER; return 0;
    case CHECK_ZONE:
        t->kind = TEST_ZONE;
        t->least = check->number;
        return 0;
    case CHECK_AHEAD:
        t->kind = TEST_AHEAD;
        t->most = check->number;
        return 0;
    }
    BUG("a check without a test");
}

int test_add(Node *node, const Check *check, Error *err) {
    Test t = {.rule = check->rule, .check = check, .none = check->kind == CHECK_NOT_VALUES, .counted = check->counted};
    if (set_test(&t, node, check, err) != 0) return error_prefix(err, "%s is no regular expression", check->text);
    Buf reason = {0};
    check_words(check, &reason);
    t.reason = buf_take(&reason);
    node->tests = xrealloc(node->tests, node->test_count + 1, sizeof *node->tests);
    node->tests[node->test_count++] = t;
    if (t.kind == TEST_PRESENT) node->counts_absent = true;
    return 0;
}

void tests_done(Node *node) {
    for (size_t i = 0; i < node->test_count; i++) {
        Test *t = &node->tests[i];
        free(t->reason);
        free(t->numbers);
        names_done(&t->texts);
        free(t->text_list);
        if (t->pattern != NULL) pattern_free(t->pattern);
    }
    free(node->tests);
}
