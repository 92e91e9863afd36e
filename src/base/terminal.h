/* terminal.h: texts of strangers as a terminal may show them. Escaped are: control characters (also those of two bytes, U+0080 to U+009F),
 * what changes the direction or begins a line (U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069), as \u001b; and bytes that are
 * not UTF-8, as \xff. JSON stays the same JSON. Any thread; the caller frees. */
#pragma once
#include "base/attr.h"

/* One value: line breaks and tabs are escaped too, so that it cannot look like more than one. */
char *terminal_value(const char *text) MUST_CHECK;
/* A text of several lines that Smelt wrote: line breaks and tabs are kept. */
char *terminal_lines(const char *text) MUST_CHECK;
/* One message: each further line is indented, so that it cannot look like a message of its own. */
char *terminal_message(const char *text) MUST_CHECK;
