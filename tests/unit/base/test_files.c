/* test_files.c: replaced files are the old or the new one, never half; one holder a lock, and its name is known. */
#include "base/files.h"

#include "../fixture.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

static void assert_content(const char *path, const char *expected) {
    CLEANUP(buf_done) Buf text = {0};
    Error err = {0};
    must(file_read(path, &text, &err), &err);
    assert_int_equal(text.len, strlen(expected));
    assert_string_equal(text.data, expected);
}

/* ---- whole files ---- */

static void a_written_file_is_read_back(void **state) {
    (void)state;
    write_text("a", "first");
    assert_content("a", "first");
    write_text("a", "");
    assert_content("a", "");
    write_text("a", "second, and longer");
    assert_content("a", "second, and longer");
    assert_false(file_exists("a.tmp"));
}

static void large_files_are_read_whole(void **state) {
    (void)state;
    CLEANUP(buf_done) Buf big = {0}, back = {0};
    Error err = {0};
    for (int i = 0; i < 100000; i++) buf_addf(&big, "%d,", i);
    must(file_write_atomic("big", big.data, big.len, &err), &err);
    must(file_read("big", &back, &err), &err);
    assert_int_equal(back.len, big.len);
    assert_memory_equal(back.data, big.data, big.len + 1);
}

static void a_file_that_is_not_there_is_named(void **state) {
    (void)state;
    Buf text = {0};
    Error err = {0};
    assert_failed(file_read("missing", &text, &err), ERR_IO, "missing", &err);
    assert_null(text.data);
    assert_failed(file_read(".", &text, &err), ERR_IO, ". is a folder", &err);
    assert_failed(file_write_atomic("no/such/folder", "x", 1, &err), ERR_IO, "no/such/folder", &err);
    assert_failed(file_publish("missing", "b", &err), ERR_IO, "missing", &err);
    assert_false(file_exists("b"));
}

/* It would take the memory that the work needs; as a damaged file that is one hole. */
static void a_file_that_is_too_long_is_not_read(void **state) {
    (void)state;
    Buf text = {0};
    Error err = {0};
    write_text("long", "x");
    assert_int_equal(truncate("long", (off_t)1 << 30), 0);
    assert_failed(file_read("long", &text, &err), ERR_IO, "long has 1073 MB, expected at most 1000", &err);
    assert_null(text.data);
}

/* A pipe would be waited for, and what a link leads to be overwritten. */
static void what_is_in_the_place_of_the_first_half_is_replaced(void **state) {
    (void)state;
    write_text("elsewhere", "kept");
    assert_int_equal(mkfifo("piped.tmp", 0600), 0);
    assert_int_equal(symlink("elsewhere", "linked.tmp"), 0);
    write_text("piped", "one");
    write_text("linked", "two");
    assert_content("piped", "one");
    assert_content("linked", "two");
    assert_content("elsewhere", "kept");
}

/* A limit on the size of files: the write fails half way, as on a full disk. */
static void a_write_that_fails_half_way_leaves_the_old(void **state) {
    (void)state;
    write_text("a", "old");
    pid_t child = fork();
    if (child == 0) {
        static const char much[10000];
        Error err = {0};
        struct rlimit limit = {.rlim_cur = 4096, .rlim_max = 4096};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        _exit(file_write_atomic("a", much, sizeof much, &err) == -1 && err.kind == ERR_FULL && strstr(err.text, "File too large") != NULL
                  ? 0
                  : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_content("a", "old");
    assert_false(file_exists("a.tmp"));
}

static int write_letters(const char *path, size_t n, char letter, Error *err) {
    CLEANUP(free_text) char *text = xmalloc(n);
    memset(text, letter, n);
    return file_write_atomic(path, text, n, err);
}

/* Rewrites `path` for ever, with contents of one letter each. */
_Noreturn static void rewrite(const char *path, size_t n) {
    Error err = {0};
    for (char letter = 'a'; write_letters(path, n, letter, &err) == 0;) letter = letter == 'z' ? 'a' : (char)(letter + 1);
    _exit(1);
}

static void assert_one_letter(const char *path, size_t n) {
    CLEANUP(buf_done) Buf text = {0};
    Error err = {0};
    must(file_read(path, &text, &err), &err);
    assert_int_equal(text.len, n);
    for (size_t i = 1; i < n; i++)
        if (text.data[i] != text.data[0]) fail_msg("'%c' and '%c' in one file", text.data[0], text.data[i]);
}

static void readers_see_old_or_new(void **state) {
    (void)state;
    enum { SIZE = 200000 };
    Error err = {0};
    must(write_letters("a", SIZE, 'a', &err), &err);
    pid_t child = fork();
    if (child == 0) rewrite("a", SIZE);
    for (int i = 0; i < 200; i++) assert_one_letter("a", SIZE);
    assert_int_equal(waitpid(child, NULL, WNOHANG), 0); /* it still writes */
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_one_letter("a", SIZE);
}

/* Each writer is killed by its own alarm, each at another moment of its writing. */
static void a_killed_writer_leaves_old_or_new(void **state) {
    (void)state;
    enum { SIZE = 200000, KILLS = 20 };
    Error err = {0};
    must(write_letters("a", SIZE, 'a', &err), &err);
    for (int i = 0; i < KILLS; i++) {
        pid_t child = fork();
        if (child == 0) {
            struct itimerval killed_after = {.it_value.tv_usec = 2000 + i * 700};
            setitimer(ITIMER_REAL, &killed_after, NULL);
            rewrite("a", SIZE);
        }
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGALRM);
        assert_one_letter("a", SIZE);
    }
}

/* ---- folders and paths ---- */

static void folders_are_made_with_their_parents(void **state) {
    Error err = {0};
    CLEANUP(free_text) char *absolute = path_join(*state, "x/y");
    must(dir_make("a/b/c", &err), &err);
    must(dir_make("a/b/c", &err), &err);
    must(dir_make("d/", &err), &err);
    must(dir_make(absolute, &err), &err);
    write_text("a/b/c/file", "1");
    write_text("x/y/file", "1");
}

static void a_folder_that_cannot_be_is_an_error(void **state) {
    (void)state;
    Error err = {0};
    write_text("file", "1");
    assert_failed(dir_make("file/below", &err), ERR_IO, "'file'", &err);
    assert_failed(dir_make("file", &err), ERR_IO, "is a file, expected a folder", &err);
    assert_failed(dir_make("", &err), ERR_IO, "folder", &err);
}

static void paths_are_joined_by_one_slash(void **state) {
    (void)state;
    CLEANUP(free_text) char *plain = path_join("a", "b"), *slash = path_join("a/", "b"), *root = path_join("/", "b");
    assert_string_equal(plain, "a/b");
    assert_string_equal(slash, "a/b");
    assert_string_equal(root, "/b");
}

/* ---- locks ---- */

/* A child that holds the lock until its stdin (`*ret_end`) is closed. Returns when it holds it. */
static pid_t hold_in_child(const char *path, const char *what, int *ret_end) {
    int ready[2], end[2];
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(end), 0);
    pid_t child = fork();
    if (child == 0) {
        FileLock *lock = NULL;
        Error err = {0};
        char byte = '!';
        close(end[1]);
        if (file_lock(path, what, &lock, &err) != 0) _exit(1);
        ssize_t told = write(ready[1], &byte, 1), asked = read(end[0], &byte, 1);
        _exit(told == 1 && asked == 0 ? 0 : 2);
    }
    char byte;
    close(ready[1]);
    close(end[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    *ret_end = end[1];
    return child;
}

static void the_second_locker_is_told_who_holds_it(void **state) {
    (void)state;
    int end;
    FileLock *lock = NULL;
    Error err = {0};
    pid_t child = hold_in_child("lock", "smelt ingest", &end);
    CLEANUP(free_text) char *name = xasprintf("pid %d: smelt ingest", (int)child);
    assert_failed(file_lock("lock", "smelt run", &lock, &err), ERR_BUSY, name, &err);
    assert_null(lock);
    CLEANUP(free_text) char *holder = file_lock_holder("lock");
    assert_string_equal(holder, name);
    assert_failed(file_lock_shared("lock", &lock, &err), ERR_BUSY, name, &err);
    close(end);
    waitpid(child, NULL, 0);
}

static void a_killed_holder_holds_nothing(void **state) {
    (void)state;
    int end;
    CLEANUP(file_lock_freep) FileLock *lock = NULL;
    Error err = {0};
    pid_t child = hold_in_child("lock", "smelt up, with a longer name", &end);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(end);
    assert_null(file_lock_holder("lock")); /* though its name stands in the file */
    must(file_lock("lock", "me", &lock, &err), &err);
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(free_text) char *first = xasprintf("pid %d: me\ngeneration 2 ", (int)getpid());
    must(file_read("lock", &text, &err), &err);
    assert_int_equal(strncmp(text.data, first, strlen(first)), 0);
}

static void a_freed_lock_is_free(void **state) {
    (void)state;
    Error err = {0};
    for (int i = 0; i < 3; i++) {
        CLEANUP(file_lock_freep) FileLock *lock = NULL;
        must(file_lock("lock", "me", &lock, &err), &err);
        CLEANUP(free_text) char *holder = file_lock_holder("lock");
        assert_non_null(holder);
    }
    assert_null(file_lock_holder("lock"));
    assert_null(file_lock_holder("missing"));
}

static void readers_share_and_keep_the_writer_out(void **state) {
    (void)state;
    CLEANUP(file_lock_freep) FileLock *one = NULL, *two = NULL;
    FileLock *writer = NULL;
    Error err = {0};
    assert_failed(file_lock_shared("lock", &one, &err), ERR_IO, "lock", &err); /* it is never made by a reader */
    write_text("lock", "");
    must(file_lock_shared("lock", &one, &err), &err);
    must(file_lock_shared("lock", &two, &err), &err);
    assert_null(file_lock_holder("lock"));
    assert_failed(file_lock("lock", "prune", &writer, &err), ERR_BUSY, "another process", &err);
}

/* ---- a holder that was overtaken ---- */

static void a_holder_sees_that_its_lock_is_still_its_own(void **state) {
    (void)state;
    Error err = {0};
    for (int generation = 1; generation <= 3; generation++) {
        CLEANUP(file_lock_freep) FileLock *lock = NULL;
        must(file_lock("lock", "me", &lock, &err), &err);
        assert_int_equal(file_lock_generation(lock), generation);
        free(file_lock_holder("lock"));
        must(file_lock_check(lock, &err), &err);
    }
}

static void a_lock_file_that_was_removed_or_replaced_is_not_ours(void **state) {
    (void)state;
    Error err = {0};
    CLEANUP(file_lock_freep) FileLock *lock = NULL, *successor = NULL;
    must(file_lock("lock", "me", &lock, &err), &err);
    unlink("lock");
    assert_failed(file_lock_check(lock, &err), ERR_BUSY, "cannot check the lock file", &err);
    must(file_lock("lock", "successor", &successor, &err), &err); /* flock cannot stop it: it is another file */
    assert_failed(file_lock_check(lock, &err), ERR_BUSY, "removed or replaced", &err);
    must(file_lock_check(successor, &err), &err);
}

/* As on a volume where flock does not reach from one node to the other. */
static void a_successor_that_wrote_into_the_same_file_is_noticed(void **state) {
    (void)state;
    Error err = {0};
    CLEANUP(file_lock_freep) FileLock *lock = NULL;
    must(file_lock("lock", "me", &lock, &err), &err);
    CLEANUP(buf_done) Buf text = {0};
    must(file_read("lock", &text, &err), &err);
    FILE *file = fopen("lock", "w");
    assert_non_null(file);
    fputs("pid 7: smelt run\ngeneration 2 0000000000000000\n", file);
    fclose(file);
    assert_failed(file_lock_check(lock, &err), ERR_BUSY, "taken over by pid 7: smelt run", &err);
}

static void what_is_set_aside_keeps_its_bytes_and_gets_a_name_of_its_own(void **state) {
    (void)state;
    Error err = {0};
    char *names[3] = {0};
    for (int i = 0; i < 3; i++) {
        write_text("file", i == 0 ? "zero" : "more");
        must(file_set_aside("file", &names[i], &err), &err);
        assert_false(file_exists("file"));
        assert_int_equal(strncmp(names[i], "file.aside-2", 12), 0);
    }
    assert_content(names[0], "zero");
    assert_string_not_equal(names[0], names[1]);
    assert_string_not_equal(names[1], names[2]);
    for (int i = 0; i < 3; i++) free(names[i]);
    char *none = NULL;
    assert_failed(file_set_aside("file", &none, &err), ERR_IO, "file", &err);
}

/* Asking who holds it takes the lock for a moment: that must not turn a locker away. */
static void asking_does_not_disturb_the_locker(void **state) {
    (void)state;
    write_text("lock", "");
    pid_t child = fork();
    if (child == 0)
        for (;;) free(file_lock_holder("lock"));
    for (int i = 0; i < 300; i++) {
        FileLock *lock = NULL;
        Error err = {0};
        must(file_lock("lock", "me", &lock, &err), &err);
        file_lock_free(lock);
    }
    assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void a_cleaned_up_variable_is_empty(void **state) {
    (void)state;
    FileLock *lock = NULL;
    Error err = {0};
    must(file_lock("lock", "me", &lock, &err), &err);
    file_lock_freep(&lock);
    assert_null(lock); /* so that a clean-up that comes again does nothing */
    file_lock_freep(&lock);
}

static void a_copy_has_the_same_bytes(void **state) {
    (void)state;
    Error err = {0};
    CLEANUP(buf_done) Buf big = {0}, copied = {0};
    for (int i = 0; i < 300000; i++) buf_addf(&big, "%d,", i);
    must(file_write_atomic("from", big.data, big.len, &err), &err);
    must(file_write_atomic("to", "something older", 15, &err), &err);
    must(file_copy("from", "to", &err), &err);
    must(file_read("to", &copied, &err), &err);
    assert_int_equal(copied.len, big.len);
    assert_memory_equal(copied.data, big.data, big.len);
    assert_failed(file_copy("nowhere", "to", &err), ERR_IO, "nowhere", &err);
    assert_failed(file_copy("from", "no/such/folder", &err), ERR_IO, "no/such/folder", &err);
}

static void an_empty_file_is_made(void **state) {
    (void)state;
    Error err = {0};
    CLEANUP(buf_done) Buf content = {0};
    must(file_write_atomic("lock", "something", 9, &err), &err);
    must(file_create("lock", &err), &err);
    must(file_sync("lock", &err), &err);
    must(file_read("lock", &content, &err), &err);
    assert_int_equal(content.len, 0);
    assert_failed(file_create("no/such/folder", &err), ERR_IO, "no/such/folder", &err);
    assert_failed(file_create(".", &err), ERR_IO, "a folder", &err);
    assert_failed(file_sync("nowhere", &err), ERR_IO, "nowhere", &err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_written_file_is_read_back),
        IN_SCRATCH(large_files_are_read_whole),
        IN_SCRATCH(a_file_that_is_too_long_is_not_read),
        IN_SCRATCH(what_is_in_the_place_of_the_first_half_is_replaced),
        IN_SCRATCH(a_file_that_is_not_there_is_named),
        IN_SCRATCH(a_write_that_fails_half_way_leaves_the_old),
        IN_SCRATCH(readers_see_old_or_new),
        IN_SCRATCH(a_killed_writer_leaves_old_or_new),
        IN_SCRATCH(a_copy_has_the_same_bytes),
        IN_SCRATCH(an_empty_file_is_made),
        IN_SCRATCH(folders_are_made_with_their_parents),
        IN_SCRATCH(a_folder_that_cannot_be_is_an_error),
        IN_SCRATCH(paths_are_joined_by_one_slash),
        IN_SCRATCH(the_second_locker_is_told_who_holds_it),
        IN_SCRATCH(a_killed_holder_holds_nothing),
        IN_SCRATCH(a_freed_lock_is_free),
        IN_SCRATCH(readers_share_and_keep_the_writer_out),
        IN_SCRATCH(a_holder_sees_that_its_lock_is_still_its_own),
        IN_SCRATCH(a_lock_file_that_was_removed_or_replaced_is_not_ours),
        IN_SCRATCH(a_successor_that_wrote_into_the_same_file_is_noticed),
        IN_SCRATCH(what_is_set_aside_keeps_its_bytes_and_gets_a_name_of_its_own),
        IN_SCRATCH(asking_does_not_disturb_the_locker),
        IN_SCRATCH(a_cleaned_up_variable_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
