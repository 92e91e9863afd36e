/* test_peers.c: Which addresses are proxies, which are one client, and who has the most connections. */
#include "web/peers.h"

#include "../fixture.h"
#include "base/memory.h"
#include <arpa/inet.h>
#include <string.h>

static struct sockaddr_storage address(const char *text) {
    struct sockaddr_storage at = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&at;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at;
    at.ss_family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    assert_int_equal(inet_pton(at.ss_family, text, at.ss_family == AF_INET ? (void *)&v4->sin_addr : (void *)&v6->sin6_addr), 1);
    return at;
}

static Peer *enter(Peers *peers, const char *text) {
    struct sockaddr_storage at = address(text);
    return peers_enter(peers, &at);
}

static void test_networks_of_proxies(void **state) {
    (void)state;
    static const struct {
        const char *from;
        bool is_proxy;
    } cases[] = {{"10.1.2.3", true}, {"10.2.0.0", false},   {"192.0.2.7", true},   {"192.0.2.8", false},     {"::ffff:10.1.0.1", true},
                 {"fd12::1", true},  {"fe80::1", false},    {"172.16.0.1", true},  {"172.31.255.255", true}, {"172.32.0.0", false},
                 {"0.0.0.0", false}, {"2001:db8::1", true}, {"2001:db8::2", false}};
    Error err = {0};
    CLEANUP(peers_freep) Peers *peers = NULL;
    must(peers_new("10.1.0.0/16, 192.0.2.7,fd00::/8,172.16.0.0/12,2001:db8::1", &peers, &err), &err);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Peer *peer = enter(peers, cases[i].from);
        if (peer->is_proxy != cases[i].is_proxy) fail_msg("%s", cases[i].from);
        peers_leave(peers, peer);
    }
}

static void test_what_is_no_network(void **state) {
    (void)state;
    static const char *const wrong[] = {"proxy", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0/8", "fd00::/129", "10.0.0.1:80", "*"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        Error err = {0};
        Peers *peers = NULL;
        assert_int_equal(peers_new(wrong[i], &peers, &err), -1);
        assert_int_equal(err.kind, ERR_CONFIG);
        assert_non_null(strstr(err.text, wrong[i]));
        error_clear(&err);
    }
}

static void test_the_busiest_is_no_proxy(void **state) {
    (void)state;
    Error err = {0};
    CLEANUP(peers_freep) Peers *peers = NULL;
    must(peers_new("10.0.0.1", &peers, &err), &err);
    assert_null(peers_busiest(peers));
    for (int i = 0; i < 5; i++) (void)!enter(peers, "10.0.0.1");
    assert_null(peers_busiest(peers));
    Peer *one = enter(peers, "10.0.0.2"), *six = enter(peers, "2001:db8::1");
    assert_ptr_equal(enter(peers, "2001:db8::ffff:1"), six); /* one customer */
    assert_ptr_not_equal(enter(peers, "2001:db8:0:1::1"), six);
    assert_ptr_equal(peers_busiest(peers), six);
    peers_leave(peers, six);
    peers_leave(peers, six);
    assert_ptr_equal(enter(peers, "10.0.0.2"), one);
    assert_ptr_equal(peers_busiest(peers), one);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_networks_of_proxies), cmocka_unit_test(test_what_is_no_network),
                                       cmocka_unit_test(test_the_busiest_is_no_proxy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
