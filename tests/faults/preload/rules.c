/* rules.c: which call fails, and how.
 *
 * A rule is words "key=value", separated by spaces; the first rule that takes a call decides.
 *
 *   on=open,write,...   calls (fault.h)
 *   file=PATTERN        the path's last part, as the shell matches names; '*' when it is not given
 *   nth=N               the Nth such call of the process, counted from 1 (1)
 *   times=K             and the K-1 after it; 0: all (1)
 *   while=FILE          only as long as this file is there
 *   room=BYTES          writes may grow files by so much in all; what is over fails (with do=enospc)
 *   do=eio|enospc|short|kill|stop|hold
 *
 * short: the first half of a write goes through and its length is returned, as the system may do at any time. hold: the thread waits as
 * long as the file of `while` is there, then the call is made. */
#include "fault.h"

#include <errno.h>
#include <fnmatch.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { RULES_MAX = 8, TEXT_MAX = 4096, SHORT_FROM = 2 };

typedef enum Act { ACT_EIO, ACT_ENOSPC, ACT_SHORT, ACT_KILL, ACT_STOP, ACT_HOLD, ACTS } Act;

typedef struct Rule {
    unsigned calls; /* a bit each */
    const char *file, *condition;
    uint64_t nth, times, seen;
    bool has_room;
    uint64_t room;
    Act act;
} Rule;

static const char *const act_names[ACTS] = {"eio", "enospc", "short", "kill", "stop", "hold"};
const char *const call_names[CALLS] = {"open", "write", "sync", "rename", "unlink", "truncate", "read"};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char text[TEXT_MAX];
static Rule rules[RULES_MAX];
static int rule_count;

/* ---- reading ---- */

static int find_name(const char *const *names, int n, const char *name, size_t len) {
    for (int i = 0; i < n; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) return i;
    abort(); /* a rule with a typo must not pass for one that never fired */
}

static unsigned read_calls(const char *list) {
    unsigned calls = 0;
    while (*list != '\0') {
        size_t len = strcspn(list, ",");
        calls |= 1U << find_name(call_names, CALLS, list, len);
        list += len + (list[len] == ',');
    }
    return calls;
}

static void read_word(Rule *r, char *word) {
    static const char *const keys[] = {"on", "file", "nth", "times", "while", "room", "do"};
    char *value = strchr(word, '=');
    if (value == NULL) abort();
    switch (find_name(keys, sizeof keys / sizeof *keys, word, (size_t)(value - word))) {
    case 0: r->calls = read_calls(value + 1); return;
    case 1: r->file = value + 1; return;
    case 2: r->nth = strtoull(value + 1, NULL, 10); return;
    case 3: r->times = strtoull(value + 1, NULL, 10); return;
    case 4: r->condition = value + 1; return;
    case 5: r->has_room = true, r->room = strtoull(value + 1, NULL, 10); return;
    default: r->act = (Act)find_name(act_names, ACTS, value + 1, strlen(value + 1));
    }
}

static void read_rule(char *words) {
    char *rest = NULL;
    if (rule_count == RULES_MAX) abort();
    Rule *r = &rules[rule_count++];
    *r = (Rule){.file = "*", .nth = 1, .times = 1};
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) read_word(r, word);
}

static void read_rules(void) {
    const char *given = getenv("FAULT_RULES");
    if (given == NULL) return;
    size_t len = strlen(given);
    if (len >= sizeof text) abort();
    memcpy(text, given, len + 1);
    char *rest = NULL;
    for (char *rule = strtok_r(text, ";", &rest); rule != NULL; rule = strtok_r(NULL, ";", &rest)) read_rule(rule);
}

/* ---- judging ---- */

static bool applies(const Rule *r, Call call, const char *name) {
    if ((r->calls & 1U << call) == 0 || fnmatch(r->file, name, 0) != 0) return false;
    return r->condition == NULL || syscall(SYS_access, r->condition, F_OK) == 0;
}

static bool is_due(Rule *r) {
    uint64_t number = ++r->seen;
    return number >= r->nth && (r->times == 0 || number < r->nth + r->times);
}

/* A full disk takes what still fits, then nothing. */
static Verdict spend_room(Rule *r, size_t bytes, size_t grows) {
    if (grows <= r->room) {
        r->room -= grows;
        return (Verdict){0, bytes};
    }
    size_t fits = bytes - grows + (size_t)r->room;
    r->room = 0;
    return fits > 0 ? (Verdict){0, fits} : (Verdict){ENOSPC, 0};
}

/* Other threads make their calls meanwhile. */
static void hold(const Rule *r) {
    if (r->condition == NULL) abort();
    pthread_mutex_unlock(&mutex);
    while (syscall(SYS_access, r->condition, F_OK) == 0) syscall(SYS_nanosleep, &(struct timespec){.tv_nsec = 5000000}, NULL);
    pthread_mutex_lock(&mutex);
}

static Verdict carry_out(Rule *r, size_t bytes, size_t grows) {
    switch (r->act) {
    case ACT_EIO: return (Verdict){EIO, 0};
    case ACT_ENOSPC: return r->has_room ? spend_room(r, bytes, grows) : (Verdict){ENOSPC, 0};
    case ACT_SHORT: return (Verdict){0, bytes >= SHORT_FROM ? bytes / 2 : bytes};
    case ACT_KILL: syscall(SYS_kill, getpid(), SIGKILL); return (Verdict){0, bytes};
    case ACT_STOP: syscall(SYS_kill, getpid(), SIGSTOP); return (Verdict){0, bytes};
    case ACT_HOLD: hold(r); return (Verdict){0, bytes};
    case ACTS: break;
    }
    abort();
}

/* With room left, or nothing to shorten, nothing happened. */
static bool has_fired(const Rule *r, Verdict v, size_t bytes) {
    return (!r->has_room && r->act != ACT_SHORT) || v.problem != 0 || v.allowed < bytes;
}

static Verdict judge(Call call, const char *path, size_t bytes, size_t grows) {
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    for (int i = 0; i < rule_count; i++) {
        Rule *r = &rules[i];
        if (!applies(r, call, name) || !is_due(r)) continue;
        bool announced = r->act == ACT_KILL || r->act == ACT_STOP || r->act == ACT_HOLD; /* it may not return, or not soon */
        if (announced) report_line("FAULT_LOG", "fired %d %s %s", i, call_names[call], path);
        Verdict v = carry_out(r, bytes, grows);
        if (!announced && has_fired(r, v, bytes)) report_line("FAULT_LOG", "fired %d %s %s", i, call_names[call], path);
        return v;
    }
    return (Verdict){0, bytes};
}

Verdict rules_judge(Call call, const char *path, size_t bytes, size_t grows) {
    pthread_once(&once, read_rules);
    report_line("FAULT_TRACE", "%s %s", call_names[call], path);
    pthread_mutex_lock(&mutex);
    Verdict v = judge(call, path, bytes, grows);
    pthread_mutex_unlock(&mutex);
    return v;
}

uint64_t rules_room(void) {
    uint64_t room = UINT64_MAX;
    pthread_once(&once, read_rules);
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < rule_count; i++)
        if (rules[i].has_room && rules[i].room < room && (rules[i].condition == NULL || syscall(SYS_access, rules[i].condition, F_OK) == 0))
            room = rules[i].room;
    pthread_mutex_unlock(&mutex);
    return room;
}
