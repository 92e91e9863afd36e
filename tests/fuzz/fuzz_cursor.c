/* fuzz_cursor.c: any text as a cursor is refused, or is what the cursor that it means is written as; any id makes a cursor that is short.
 */
#include "base/memory.h"
#include "web/cursor.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    CLEANUP(free_text) char *text = xcalloc(size + 1, 1);
    Cursor read, made = {.scope = size, .filter = 7, .rank = -0.5};
    if (size > 0) memcpy(text, data, size);
    if (cursor_parse(text, &read)) {
        CLEANUP(free_text) char *again = cursor_format(&read);
        if (strcmp(again, text) != 0) abort();
    }
    cursor_set_id(&made, text, size);
    CLEANUP(free_text) char *cursor = cursor_format(&made);
    if (strlen(cursor) > CURSOR_TEXT_MAX || !cursor_parse(cursor, &read)) abort();
    if (read.id_len != made.id_len || memcmp(read.id, made.id, made.id_len) != 0 || read.hashed != (size > CURSOR_ID_MAX)) abort();
    return 0;
}
