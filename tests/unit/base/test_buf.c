/* test_buf.c: what was appended is there, ended by a NUL, at every size around the doublings. */
#include "base/buf.h"

#include "../fixture.h"
#include "base/memory.h"
#include <stdio.h>
#include <string.h>

static void it_grows_and_keeps_everything(void **state) {
    (void)state;
    CLEANUP(buf_done) Buf b = {0};
    for (size_t i = 0; i < 5000; i++) {
        buf_add_char(&b, (char)('a' + i % 26));
        assert_int_equal(b.len, i + 1);
        assert_true(b.cap > b.len);
        assert_int_equal(b.data[b.len], '\0');
    }
    for (size_t i = 0; i < 5000; i++) assert_int_equal(b.data[i], 'a' + (int)(i % 26));
}

static void bytes_may_be_zero(void **state) {
    (void)state;
    CLEANUP(buf_done) Buf b = {0};
    buf_add(&b, "a\0b", 3);
    buf_add(&b, NULL, 0);
    assert_int_equal(b.len, 3);
    assert_memory_equal(b.data, "a\0b", 4);
}

static void formatting_takes_what_it_needs(void **state) {
    (void)state;
    CLEANUP(buf_done) Buf b = {0};
    char expected[512];
    for (int width = 0; width < 500; width++) {
        buf_clear(&b);
        buf_add_str(&b, "x");
        buf_addf(&b, "%*d", width, 7);
        int n = snprintf(expected, sizeof expected, "x%*d", width, 7);
        assert_int_equal(b.len, (size_t)n);
        assert_string_equal(b.data, expected);
    }
    size_t before = b.len;
    buf_addf(&b, "%s", "");
    assert_int_equal(b.len, before);
}

static void clear_keeps_the_memory(void **state) {
    (void)state;
    CLEANUP(buf_done) Buf b = {0};
    buf_clear(&b); /* of an empty one */
    assert_null(b.data);
    buf_add_str(&b, "some text");
    size_t cap = b.cap;
    buf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_int_equal(b.cap, cap);
    assert_string_equal(b.data, "");
}

static void reserve_is_room_for_all(void **state) {
    (void)state;
    for (size_t n = 0; n < 300; n++) {
        CLEANUP(buf_done) Buf b = {0};
        buf_add_str(&b, "head");
        memset(buf_reserve(&b, n), '!', n);
        b.len += n;
        buf_add(&b, "", 0);
        assert_int_equal(strlen(b.data), 4 + n);
    }
}

static void taking_hands_over_and_leaves_it_empty(void **state) {
    (void)state;
    CLEANUP(buf_done) Buf b = {0};
    CLEANUP(free_text) char *nothing = buf_take(&b);
    assert_string_equal(nothing, "");
    buf_add_str(&b, "text");
    CLEANUP(free_text) char *text = buf_take(&b);
    assert_string_equal(text, "text");
    assert_null(b.data);
    assert_int_equal(b.len + b.cap, 0);
    buf_add_str(&b, "again");
    assert_string_equal(b.data, "again");
    assert_string_equal(text, "text");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_and_keeps_everything),  cmocka_unit_test(bytes_may_be_zero),
        cmocka_unit_test(formatting_takes_what_it_needs), cmocka_unit_test(clear_keeps_the_memory),
        cmocka_unit_test(reserve_is_room_for_all),        cmocka_unit_test(taking_hands_over_and_leaves_it_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
