/* test_journal.c: lines of several writers are whole and in the file once; what a writer left half is skipped; a reader takes each line
 * once, and begins again when the file is another one. */
#include "base/journal.h"

#include "../fixture.h"
#include "base/document.h"
#include "base/files.h"
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 4, LINES = 10 };

typedef struct Seen {
    int lines, forgotten;
    int of[WRITERS];
    char last[64];
} Seen;

static void take(void *arg, const json_t *object) {
    Seen *seen = arg;
    const json_t *text = json_object_get(object, "text");
    seen->lines++;
    snprintf(seen->last, sizeof seen->last, "%s", json_is_string(text) ? json_string_value(text) : "");
    seen->of[json_integer_value(json_object_get(object, "writer"))]++;
}

static void forget(void *arg) {
    Seen *seen = arg;
    *seen = (Seen){.forgotten = seen->forgotten + 1};
}

static void read_on(JournalPlace *place, Seen *seen) {
    Error err = {0};
    must(journal_read("notes", place, &(JournalReader){forget, take, seen}, &err), &err);
}

static void append(int writer, const char *text) {
    Error err = {0};
    CLEANUP(json_freep) json_t *line = json_pack("{si ss}", "writer", writer, "text", text);
    must(journal_append("notes", line, &err), &err);
}

static void each_line_is_read_once(void **state) {
    (void)state;
    JournalPlace place = {0};
    Seen seen = {0};
    struct stat st;
    read_on(&place, &seen);
    assert_int_equal(seen.lines, 0);
    append(1, "a line end \n in a text");
    read_on(&place, &seen);
    assert_string_equal(seen.last, "a line end \n in a text");
    append(2, "second");
    append(2, "third");
    read_on(&place, &seen);
    read_on(&place, &seen);
    assert_int_equal(seen.lines, 3);
    assert_int_equal(stat("notes", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_line_that_was_left_half_is_ended_and_skipped(void **state) {
    (void)state;
    JournalPlace place = {0};
    Seen seen = {0};
    append(0, "first");
    {
        int fd = open("notes", O_WRONLY | O_APPEND);
        assert_int_equal(write(fd, "{\"writer\":0,\"te", 15), 15);
        close(fd);
    }
    read_on(&place, &seen);
    assert_int_equal(seen.lines, 1);
    append(0, "second");
    read_on(&place, &seen);
    assert_int_equal(seen.lines, 2);
    assert_string_equal(seen.last, "second");
}

static void a_long_line_is_read_whole(void **state) {
    (void)state;
    JournalPlace place = {0};
    Seen seen = {0};
    CLEANUP(free_text) char *text = xmalloc(300001);
    memset(text, 'x', 300000);
    text[300000] = '\0';
    append(3, text);
    append(3, "short");
    read_on(&place, &seen);
    assert_int_equal(seen.lines, 2);
    assert_string_equal(seen.last, "short");
}

static void another_file_is_read_from_its_beginning(void **state) {
    (void)state;
    JournalPlace place = {0};
    Seen seen = {0};
    append(0, "first");
    append(0, "second");
    read_on(&place, &seen);
    write_text("other", "{\"writer\":1}\n");
    assert_int_equal(rename("other", "notes"), 0);
    read_on(&place, &seen);
    assert_int_equal(seen.forgotten, 2); /* the first time there was no file yet that was known */
    assert_int_equal(seen.lines, 1);
    assert_int_equal(unlink("notes"), 0);
    read_on(&place, &seen);
    assert_int_equal(seen.lines, 0);
}

static void many_writers_do_not_mix_their_lines(void **state) {
    (void)state;
    JournalPlace place = {0};
    Seen seen = {0};
    CLEANUP(free_text) char *text = xmalloc(9001); /* longer than PIPE_BUF */
    memset(text, 'y', 9000);
    text[9000] = '\0';
    for (int w = 0; w < WRITERS; w++)
        if (fork() == 0) {
            for (int i = 0; i < LINES; i++) append(w, text);
            _exit(0);
        }
    for (int w = 0; w < WRITERS; w++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
        read_on(&place, &seen);
    }
    assert_int_equal(seen.lines, WRITERS * LINES);
    for (int w = 0; w < WRITERS; w++) assert_int_equal(seen.of[w], LINES);
}

static void a_lock_that_nobody_gives_back_is_no_wait_for_ever(void **state) {
    (void)state;
    Error err = {0};
    append(0, "first");
    int fd = open("notes", O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    CLEANUP(json_freep) json_t *line = json_object();
    assert_failed(journal_append("notes", line, &err), ERR_BUSY, "locked by another process", &err);
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(each_line_is_read_once),
        IN_SCRATCH(a_line_that_was_left_half_is_ended_and_skipped),
        IN_SCRATCH(a_long_line_is_read_whole),
        IN_SCRATCH(another_file_is_read_from_its_beginning),
        IN_SCRATCH(many_writers_do_not_mix_their_lines),
        IN_SCRATCH(a_lock_that_nobody_gives_back_is_no_wait_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
