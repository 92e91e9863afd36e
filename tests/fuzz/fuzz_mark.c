/* fuzz_mark.c: any bytes as the file of the commit mark, and (when they begin with '{') as the document inside its seal, which a
 * checksum would keep from most fuzzed files. What is accepted can be written and read again, compared, and described. */
#include "base/memory.h"
#include "ledger/commit_mark.h"
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_file(const uint8_t *data, size_t size) {
    int file = memfd_create("mark", MFD_CLOEXEC);
    if (file < 0 || write(file, data, size) != (ssize_t)size) abort();
    CLEANUP(free_text) char *path = xasprintf("/proc/self/fd/%d", file);
    CLEANUP(commit_mark_done) CommitMark mark = {0};
    CommitMarkState state;
    Error err = {0};
    int rc = commit_mark_load(path, &state, &mark, &err);
    if ((state == MARK_GOOD) != (mark.lake_id != NULL) || (rc != 0) != (err.text != NULL)) abort();
    error_clear(&err);
    close(file);
}

/* Against itself, and against a lake that has nothing of it. */
static void compare(const CommitMark *mark, const CommitMark *again) {
    CLEANUP(buf_done) Buf words = {0};
    CommitMark empty = {.lake_id = mark->lake_id};
    if (commit_mark_compare(mark, again) != MARK_REACHED || commit_mark_compare(again, mark) != MARK_REACHED) abort();
    if (commit_mark_offsets_behind(mark, again) != 0 || commit_mark_offsets_behind(mark, &empty) < 0) abort();
    commit_mark_describe(mark, &empty, &words);
    if (words.len == 0) abort();
}

static void read_document(const uint8_t *data, size_t size) {
    json_t *document = json_loadb((const char *)data, size, 0, NULL);
    CLEANUP(commit_mark_done) CommitMark mark = {0};
    CLEANUP(commit_mark_done) CommitMark again = {0};
    if (document != NULL && commit_mark_read(document, &mark)) {
        json_t *written = commit_mark_json(&mark);
        if (written == NULL || !commit_mark_read(written, &again)) abort();
        compare(&mark, &again);
        json_decref(written);
    }
    json_decref(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    read_file(data, size);
    if (size > 0 && data[0] == '{') read_document(data, size);
    return 0;
}
