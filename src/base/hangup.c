/* hangup.c: the handler counts; who has files looks at the count. */
#include "base/hangup.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int hangups;

static void on_hangup(int signal) {
    (void)signal;
    atomic_fetch_add(&hangups, 1);
}

void hangup_install(void) {
    struct sigaction action = {.sa_handler = on_hangup, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGHUP, &action, NULL);
}

int hangup_count(void) {
    return atomic_load(&hangups);
}
