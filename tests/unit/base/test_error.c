/* test_error.c: one kind, one sentence, the documented exit code. */
#include "base/error.h"

#include "../fixture.h"
#include <errno.h>
#include <string.h>

static void the_newest_sentence_replaces_the_older(void **state) {
    (void)state;
    Error err = {0};
    assert_int_equal(error_set(&err, ERR_IO, "%s %d", "first", 1), -1);
    assert_int_equal(error_set(&err, ERR_BUSY, "second"), -1);
    assert_int_equal(err.kind, ERR_BUSY);
    assert_string_equal(err.text, "second");
    error_clear(&err);
    assert_int_equal(err.kind, ERR_NONE);
    assert_null(err.text);
    error_clear(&err);
}

/* Layers put what they know in front; the old text may be among the values. */
static void context_goes_in_front(void **state) {
    (void)state;
    Error err = {0};
    error_set(&err, ERR_DATA, "the reason");
    assert_int_equal(error_prefix(&err, "step %d", 2), -1);
    assert_int_equal(error_prefix(&err, "run"), -1);
    assert_int_equal(err.kind, ERR_DATA);
    assert_string_equal(err.text, "run: step 2: the reason");
    error_set(&err, ERR_UNAVAILABLE, "gave up: %s", err.text);
    assert_string_equal(err.text, "gave up: run: step 2: the reason");
    error_clear(&err);
}

static void the_system_says_why(void **state) {
    (void)state;
    Error err = {0};
    assert_int_equal(error_errno(&err, ERR_IO, ENOENT, "cannot open %s", "x"), -1);
    assert_string_equal(err.text, "cannot open x: No such file or directory");
    error_clear(&err);
}

static void percent_signs_in_values_stay(void **state) {
    (void)state;
    Error err = {0};
    error_set(&err, ERR_IO, "%s", "100%s %n");
    error_prefix(&err, "%s", "50%d");
    assert_string_equal(err.text, "50%d: 100%s %n");
    error_clear(&err);
}

static void kinds_have_exit_codes_and_names(void **state) {
    (void)state;
    static const struct {
        ErrorKind kind;
        int exit_code;
        const char *name;
        int retriable;
    } table[] = {
        {ERR_NONE, 0, "none", 0},        {ERR_USAGE, 64, "usage", 0}, {ERR_DATA, 65, "data", 0}, {ERR_UNAVAILABLE, 69, "unavailable", 1},
        {ERR_BUG, 70, "bug", 0},         {ERR_IO, 74, "io", 0},       {ERR_BUSY, 75, "busy", 1}, {ERR_CONFIG, 78, "config", 0},
        {ERR_STOPPED, 130, "stopped", 0}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        Error err = {.kind = table[i].kind};
        assert_int_equal(error_exit_code(table[i].kind), table[i].exit_code);
        assert_string_equal(error_kind_name(table[i].kind), table[i].name);
        assert_int_equal(error_is_retriable(&err), table[i].retriable);
    }
}

static void a_full_disk_is_told_from_other_trouble(void **state) {
    (void)state;
    Error err = {0};
    static const int full[] = {ENOSPC, EDQUOT, EFBIG};
    for (size_t i = 0; i < ARRAY_LEN(full); i++) {
        error_errno(&err, ERR_IO, full[i], "cannot write x");
        assert_int_equal(err.kind, ERR_FULL);
    }
    error_errno(&err, ERR_IO, EIO, "cannot write x");
    assert_int_equal(err.kind, ERR_IO);
    error_errno(&err, ERR_DATA, ENOSPC, "cannot read x");
    assert_int_equal(err.kind, ERR_DATA);
    assert_int_equal(error_exit_code(ERR_FULL), error_exit_code(ERR_IO));
    assert_string_equal(error_kind_name(ERR_FULL), "disk_full");
    error_clear(&err);
}

/* Whatever the kind, a fatal error is not tried again in this process. */
static void a_fatal_error_is_never_tried_again(void **state) {
    (void)state;
    static const ErrorKind kinds[] = {ERR_UNAVAILABLE, ERR_BUSY, ERR_FULL, ERR_IO};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        Error err = {0};
        error_set(&err, kinds[i], "the reason");
        assert_false(err.fatal);
        assert_int_equal(error_is_retriable(&err), kinds[i] == ERR_UNAVAILABLE || kinds[i] == ERR_BUSY);
        assert_int_equal(error_can_wait_for_space(&err), kinds[i] == ERR_FULL);
        err.fatal = true;
        error_prefix(&err, "context"); /* does not change what is to be done */
        assert_int_equal(err.kind, kinds[i]);
        assert_true(err.fatal);
        assert_false(error_is_retriable(&err));
        assert_false(error_can_wait_for_space(&err));
        error_set(&err, kinds[i], "another reason");
        assert_false(err.fatal);
        error_clear(&err);
    }
}

static void a_moved_error_is_the_same_one(void **state) {
    (void)state;
    Error err = {0}, from = {0};
    error_set(&err, ERR_IO, "an older one");
    error_set(&from, ERR_FULL, "the reason");
    from.fatal = true;
    assert_int_equal(error_move(&err, &from), -1);
    assert_int_equal(err.kind, ERR_FULL);
    assert_true(err.fatal);
    assert_string_equal(err.text, "the reason");
    assert_int_equal(from.kind, ERR_NONE);
    assert_false(from.fatal);
    assert_null(from.text);
    error_clear(&err);
    assert_false(err.fatal);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_is_told_from_other_trouble),
        cmocka_unit_test(the_newest_sentence_replaces_the_older),
        cmocka_unit_test(context_goes_in_front),
        cmocka_unit_test(the_system_says_why),
        cmocka_unit_test(percent_signs_in_values_stay),
        cmocka_unit_test(kinds_have_exit_codes_and_names),
        cmocka_unit_test(a_fatal_error_is_never_tried_again),
        cmocka_unit_test(a_moved_error_is_the_same_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
