/* test_checksum.c: the published examples (FIPS 180-4), of texts and of files. */
#include "base/checksum.h"

#include "../fixture.h"
#include "base/files.h"
#include <string.h>

static const struct {
    const char *text, *sum;
} examples[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"}};

static void published_examples_hold(void **state) {
    (void)state;
    char sum[SHA256_TEXT_SIZE];
    Error err = {0};
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        int64_t bytes = -1;
        size_t n = strlen(examples[i].text);
        sha256_hex(examples[i].text, n, sum);
        assert_string_equal(sum, examples[i].sum);
        assert_int_equal(file_write_atomic("file", examples[i].text, n, &err), 0);
        assert_int_equal(sha256_file("file", sum, &bytes, &err), 0);
        assert_string_equal(sum, examples[i].sum);
        assert_int_equal(bytes, n);
    }
}

static void a_million_letters_are_read_in_pieces(void **state) {
    (void)state;
    enum { MILLION = 1000000, TIMES = 3 };
    char sum[SHA256_TEXT_SIZE], of_memory[SHA256_TEXT_SIZE];
    Error err = {0};
    char *text = xmalloc(MILLION * TIMES);
    memset(text, 'a', MILLION * TIMES);
    sha256_hex(text, MILLION, sum);
    assert_string_equal(sum, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_int_equal(file_write_atomic("file", text, MILLION * TIMES, &err), 0);
    sha256_hex(text, MILLION * TIMES, of_memory);
    assert_int_equal(sha256_file("file", sum, NULL, &err), 0);
    assert_string_equal(sum, of_memory);
    free(text);
}

static void a_file_that_is_not_there_is_an_error(void **state) {
    (void)state;
    char sum[SHA256_TEXT_SIZE];
    Error err = {0};
    assert_int_equal(sha256_file("missing", sum, NULL, &err), -1);
    assert_int_equal(err.kind, ERR_IO);
    error_clear(&err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(published_examples_hold),
        IN_SCRATCH(a_million_letters_are_read_in_pieces),
        IN_SCRATCH(a_file_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
