/* test_terminal.c: nothing that a terminal interprets is left in a text of strangers, and everything else is. */
#include "base/terminal.h"

#include "../fixture.h"
#include "base/memory.h"
#include <stdio.h>
#include <string.h>

static void expect(char *(*escape)(const char *), const char *text, const char *expected) {
    CLEANUP(free_text) char *escaped = escape(text);
    assert_string_equal(escaped, expected);
}

static void what_a_terminal_interprets_is_escaped(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"plain, é, 漢, 🙂", "plain, é, 漢, 🙂"},
        {"\x1b[2J\x07\b\r\x7f", "\\u001b[2J\\u0007\\u0008\\u000d\\u007f"},
        {"\xc2\x9b"
         "31m\xc2\x85",
         "\\u009b31m\\u0085"},
        {"LIVE\xe2\x80\xaePORT", "LIVE\\u202ePORT"},
        {"\xe2\x81\xa6\xe2\x80\xa8\xd8\x9c\xe2\x80\x8f", "\\u2066\\u2028\\u061c\\u200f"},
        {"\xff\xc3(\xc0\x9b\xed\xa0\x80\xf4\x90\x80\x80", "\\xff\\xc3(\\xc0\\x9b\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80"},
        {"cut\xe2\x80", "cut\\xe2\\x80"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        expect(terminal_value, cases[i][0], cases[i][1]);
        expect(terminal_lines, cases[i][0], cases[i][1]);
        expect(terminal_message, cases[i][0], cases[i][1]);
    }
}

static void lines_are_of_ours_alone(void **state) {
    (void)state;
    expect(terminal_value, "a\tb\n0 events", "a\\u0009b\\u000a0 events");
    expect(terminal_lines, "a\tb\n0 events\n", "a\tb\n0 events\n");
    expect(terminal_message, "a\tb\n12:00:00 error", "a\tb\n    12:00:00 error");
}

/* Every code point: what is kept is not a control character, and what is escaped is one of the ranges. */
static void every_code_point(void **state) {
    (void)state;
    for (unsigned point = 1; point <= 0x2FFFF; point++) {
        if (point >= 0xD800 && point <= 0xDFFF) continue;
        char text[5] = "", escape[16];
        size_t n = 0;
        if (point < 0x80) {
            text[n++] = (char)point;
        } else if (point < 0x800) {
            text[n++] = (char)(0xC0 | point >> 6), text[n++] = (char)(0x80 | (point & 0x3F));
        } else if (point < 0x10000) {
            text[n++] = (char)(0xE0 | point >> 12), text[n++] = (char)(0x80 | (point >> 6 & 0x3F)),
            text[n++] = (char)(0x80 | (point & 0x3F));
        } else {
            text[n++] = (char)(0xF0 | point >> 18), text[n++] = (char)(0x80 | (point >> 12 & 0x3F));
            text[n++] = (char)(0x80 | (point >> 6 & 0x3F)), text[n++] = (char)(0x80 | (point & 0x3F));
        }
        bool control = point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x61C || point == 0x200E || point == 0x200F ||
                       (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
        snprintf(escape, sizeof escape, "\\u%04x", point);
        expect(terminal_value, text, control ? escape : text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_terminal_interprets_is_escaped),
        cmocka_unit_test(lines_are_of_ours_alone),
        cmocka_unit_test(every_code_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
