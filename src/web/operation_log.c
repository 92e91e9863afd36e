/* operation_log.c: see operation_log.h. */
#include "web/operation_log.h"

#include "base/document.h"
#include "base/files.h"
#include "base/journal.h"
#include "base/log.h"
#include "base/memory.h"
#include <stdio.h>

#define BYTES_MAX (512 * 1024)

/* A line that another server writes meanwhile is in one of the two files. */
static void make_room(const char *path) {
    CLEANUP(free_text) char *before = xasprintf("%s.1", path);
    if (file_stamp(path).bytes > BYTES_MAX && rename(path, before) != 0) log_warn("web", "%s cannot be renamed", path);
}

void operation_log_write(const char *path, const char *key, const char *asked, const json_t *view) {
    CLEANUP(json_freep) json_t *line = json_pack("{s:s, s:s, s:O}", "key", key, "asked", asked, "operation", view);
    CLEANUP(error_clear) Error err = {0};
    make_room(path);
    if (journal_append(path, line, &err) != 0) log_warn("web", "after a restart this change will not be known: %s", err.text);
}

typedef struct Lines {
    OperationLogTake take;
    void *arg;
} Lines;

static void take_line(void *arg, const json_t *line) {
    const Lines *lines = arg;
    const char *key = json_string_value(json_object_get(line, "key")), *asked = json_string_value(json_object_get(line, "asked"));
    const json_t *view = json_object_get(line, "operation");
    if (key != NULL && asked != NULL && json_is_object(view)) lines->take(lines->arg, key, asked, view);
}

static void forget(void *arg) {
    (void)arg;
}

static void read_file(const char *path, Lines *lines) {
    const JournalReader reader = {.forget = forget, .take = take_line, .arg = lines};
    CLEANUP(error_clear) Error err = {0};
    JournalPlace place = {0};
    if (journal_read(path, &place, &reader, &err) != 0) log_warn("web", "earlier changes are not known: %s", err.text);
}

void operation_log_read(const char *path, OperationLogTake take, void *arg) {
    CLEANUP(free_text) char *before = xasprintf("%s.1", path);
    Lines lines = {take, arg};
    read_file(before, &lines);
    read_file(path, &lines);
}
