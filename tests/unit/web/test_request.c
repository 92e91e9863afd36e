/* test_request.c: The request target and its parameters: what is decoded, and what is refused before anything else sees it. */
#include "base/document.h"
#include "web/request.h"

#include "fixture.h"

static int parse(const char *target, Request **ret) {
    const char *why = NULL;
    *ret = request_new(target);
    int status = request_parse(*ret, &why);
    assert_true((status == 0) == (why == NULL));
    return status;
}

static void test_splits_path_and_parameters(void **state) {
    (void)state;
    Request *r;
    assert_int_equal(parse("/api/v1/subscribers?limit=5&search=a%2Bb+c&empty=&bare", &r), 0);
    assert_string_equal(r->path, "/api/v1/subscribers");
    assert_string_equal(request_param(r, "limit"), "5");
    assert_string_equal(request_param(r, "search"), "a+b c");
    assert_string_equal(request_param(r, "empty"), "");
    assert_string_equal(request_param(r, "bare"), "");
    assert_null(request_param(r, "other"));
    request_free(r);
}

static void test_refuses_what_is_not_text(void **state) {
    (void)state;
    static const char *const bad[] = {"",         "*",           "livez", "/a%zz",    "/a%4",          "/a%",
                                      "/a?b=%00", "/a?b=%c3%28", "/a%ff", "/a?%00=1", "/a?b=%ed%a0%80"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        Request *r;
        assert_int_equal(parse(bad[i], &r), 400);
        request_free(r);
    }
}

static void test_refuses_too_much(void **state) {
    (void)state;
    char target[TARGET_MAX + 3];
    Request *r;
    memset(target, 'a', sizeof target);
    target[0] = '/';
    target[sizeof target - 1] = '\0';
    assert_int_equal(parse(target, &r), 414);
    request_free(r);
    assert_int_equal(parse("/a?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16", &r), 0);
    request_free(r);
    assert_int_equal(parse("/a?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17", &r), 400);
    request_free(r);
}

static const ParamSpec specs[] = {
    {"limit", PARAM_INT, .least = 1, .most = 500, .otherwise = 50},
    {"search", PARAM_TEXT, .least = 1, .most = 5},
    {"band", PARAM_CHOICE, .choices = "high|medium|low"},
    {.name = NULL},
};

static void check(const char *target, const ParamSpec *s, const char *part_of_why) {
    Request *r;
    assert_int_equal(parse(target, &r), 0);
    CLEANUP(json_freep) json_t *faults = request_check_params(r, s);
    if (part_of_why == NULL)
        assert_null(faults);
    else
        assert_non_null(strstr(json_string_value(json_object_get(json_array_get(faults, 0), "reason")), part_of_why));
    request_free(r);
}

static void test_checks_parameters_by_their_table(void **state) {
    (void)state;
    check("/a?limit=1&band=low&search=abcde", specs, NULL);
    check("/a?limit=500", specs, NULL);
    check("/a?limit=0", specs, "from 1 to 500");
    check("/a?limit=501", specs, "from 1 to 500");
    check("/a?limit=99999999999999999999", specs, "from 1 to 500");
    check("/a?limit=1e2", specs, "from 1 to 500");
    check("/a?limit=", specs, "from 1 to 500");
    check("/a?search=%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9", specs, NULL);
    check("/a?search=abcdef", specs, "1 to 5 characters");
    check("/a?search=", specs, "1 to 5 characters");
    check("/a?band=hig", specs, "one of high|medium|low");
    check("/a?band=high%7Cmedium", specs, "one of");
    check("/a?band=", specs, "one of");
    check("/a?limt=1", specs, "known are limit, search, band.");
    check("/a?limit=1&limit=1", specs, "given twice");
    check("/a?x=1", NULL, "takes none");
}

static void test_names_every_parameter_that_is_wrong(void **state) {
    (void)state;
    Request *r;
    assert_int_equal(parse("/a?limit=0&band=low&x=1", &r), 0);
    CLEANUP(json_freep) json_t *faults = request_check_params(r, specs);
    assert_int_equal(json_array_size(faults), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(faults, 0), "parameter")), "limit");
    assert_string_equal(json_string_value(json_object_get(json_array_get(faults, 1), "parameter")), "x");
    request_free(r);
}

static void test_reads_integers(void **state) {
    (void)state;
    Request *r;
    assert_int_equal(parse("/a", &r), 0);
    assert_int_equal(request_int(r, specs, "limit"), 50);
    request_free(r);
    assert_int_equal(parse("/a?limit=7", &r), 0);
    assert_int_equal(request_int(r, specs, "limit"), 7);
    request_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_splits_path_and_parameters),
        cmocka_unit_test(test_refuses_what_is_not_text),
        cmocka_unit_test(test_refuses_too_much),
        cmocka_unit_test(test_checks_parameters_by_their_table),
        cmocka_unit_test(test_names_every_parameter_that_is_wrong),
        cmocka_unit_test(test_reads_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
