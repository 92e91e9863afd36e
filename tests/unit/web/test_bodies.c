/* Answers that are given again: while one request makes the next, others get the one before. */
#include "fixture.h"
#include "web/bodies.h"

#include <string.h>
#include <time.h>

#define OLD 1 /* nanosecond: every answer is older */

static Request *overview(void) {
    Request *req = request_new("/api/v1/overview");
    const char *why;
    assert_int_equal(request_parse(req, &why), 0);
    return req;
}

static void keep_answer_of(Bodies *b, const Request *req, const char *text) {
    Response made = {.status = 200, .content_type = "application/json"};
    buf_add_str(&made.body, text);
    bodies_put(b, req, 0, &made);
    response_done(&made);
}

/* What such a request gets; "": nothing. The caller frees. */
static char *answer_of(Bodies *b, const Request *req, int64_t most_ns, bool makes) {
    Response given = {0};
    bool got = bodies_get(b, req, 0, most_ns, makes, &given);
    char *text = strndup(got ? given.body.data : "", got ? given.body.len : 0);
    response_done(&given);
    return text;
}

static void assert_gets(Bodies *b, const Request *req, int64_t most_ns, bool makes, const char *expected) {
    char *text = answer_of(b, req, most_ns, makes);
    assert_string_equal(text, expected);
    free(text);
}

static void one_request_makes_the_next_answer(void **state) {
    (void)state;
    CLEANUP(request_freep) Request *req = overview();
    Bodies *b = bodies_new();
    keep_answer_of(b, req, "one");
    assert_gets(b, req, 0, false, "one");
    assert_gets(b, req, OLD, false, ""); /* who does not make it leaves that to others */
    assert_gets(b, req, OLD, true, "");  /* this one makes it: */
    assert_gets(b, req, OLD, true, "one");
    assert_gets(b, req, OLD, false, "one");
    keep_answer_of(b, req, "two");
    assert_gets(b, req, OLD, true, "");
    assert_gets(b, req, OLD, true, "two");
    bodies_free(b);
}

static void who_makes_it_is_not_waited_for_long(void **state) {
    (void)state;
    CLEANUP(request_freep) Request *req = overview();
    Bodies *b = bodies_new();
    keep_answer_of(b, req, "one");
    assert_gets(b, req, OLD, true, "");
    nanosleep(&(struct timespec){.tv_nsec = BODIES_RENEW_NS + 10000000}, NULL);
    assert_gets(b, req, OLD, true, "");
    assert_gets(b, req, OLD, true, "");
    assert_gets(b, req, 0, true, "one");
    bodies_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_request_makes_the_next_answer),
        cmocka_unit_test(who_makes_it_is_not_waited_for_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
