/* memory.c: the nth allocation that our own C asks for fails. FAULT_MALLOC is "NTH FROM-TO[,FROM-TO...][,LIBRARY...]": addresses of the
 * program's functions that allocate (src/base/memory.c), as offsets from where the program is loaded, and libraries whose allocations are
 * as good as ours, by a part of their names. FAULT_LOG gets "fired 0 malloc NTH"; with NTH 0
 * nothing fails and the number of allocations is reported at exit ("allocations N").
 *
 * Of allocations below libc's own functions (vasprintf) the caller that counts is the one of that function. */
#include "fault.h"

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RANGES_MAX = 32 };

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

static struct { uintptr_t from, to; } ranges[RANGES_MAX];
static int range_count;
static uint64_t nth, seen;
static bool ready;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void add_range(uintptr_t from, uintptr_t to) {
    if (range_count == RANGES_MAX) abort();
    ranges[range_count].from = from;
    ranges[range_count++].to = to;
}

/* The code of the library whose name has the word. */
static int add_library(struct dl_phdr_info *info, size_t size, void *word) {
    (void)size;
    if (strstr(info->dlpi_name, word) == NULL) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X) != 0)
            add_range(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr,
                      info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz);
    return 1;
}

static int first_object(struct dl_phdr_info *info, size_t size, void *base) {
    (void)size;
    *(uintptr_t *)base = info->dlpi_addr;
    return 1; /* the program itself comes first */
}

static void read_range(char *word, uintptr_t base) {
    char *end;
    uintptr_t from = strtoull(word, &end, 16);
    if (*end == '-')
        add_range(base + from, base + strtoull(end + 1, NULL, 16));
    else if (dl_iterate_phdr(add_library, word) == 0)
        abort(); /* no such library: nothing would fail */
}

static void report_count(void) {
    report_line("FAULT_LOG", "allocations %llu", (unsigned long long)seen);
}

__attribute__((constructor)) static void set_up(void) {
    static char text[1024];
    const char *given = getenv("FAULT_MALLOC");
    uintptr_t base = 0;
    char *rest = NULL;
    if (given == NULL) return;
    size_t len = strlen(given);
    if (len >= sizeof text) abort();
    memcpy(text, given, len + 1);
    dl_iterate_phdr(first_object, &base);
    nth = strtoull(text, &rest, 10);
    for (char *word = strtok_r(rest, " ,", &rest); word != NULL; word = strtok_r(NULL, " ,", &rest)) read_range(word, base);
    if (nth == 0) atexit(report_count);
    ready = true;
}

static bool is_ours(const void *caller) {
    for (int i = 0; i < range_count; i++)
        if ((uintptr_t)caller >= ranges[i].from && (uintptr_t)caller < ranges[i].to) return true;
    return false;
}

/* That allocation and all after it: memory that is out does not come back by itself. Reported before any thread can learn of it. */
static bool fails(const void *caller) {
    if (!ready || !is_ours(caller)) return false;
    pthread_mutex_lock(&mutex);
    uint64_t number = ++seen;
    if (number == nth) report_line("FAULT_LOG", "fired 0 malloc %llu", (unsigned long long)number);
    pthread_mutex_unlock(&mutex);
    if (nth == 0 || number < nth) return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *p, size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(p, size);
}

char *strndup(const char *s, size_t n) {
    if (fails(__builtin_return_address(0))) return NULL;
    size_t len = strnlen(s, n);
    char *copy = __libc_malloc(len + 1);
    if (copy == NULL) return NULL;
    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *strdup(const char *s) {
    if (fails(__builtin_return_address(0))) return NULL;
    size_t len = strlen(s) + 1;
    char *copy = __libc_malloc(len);
    return copy != NULL ? memcpy(copy, s, len) : NULL;
}

int vasprintf(char **ret, const char *fmt, va_list args) {
    if (fails(__builtin_return_address(0))) return -1;
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0 || (*ret = __libc_malloc((size_t)n + 1)) == NULL) return -1;
    return vsnprintf(*ret, (size_t)n + 1, fmt, args);
}
