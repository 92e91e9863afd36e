/* block_pool.c: see lake_pool_begin.
 *
 * DuckDB sets every byte of a block of 256 KiB for each column that rows are appended to. So a refresh of a few events touches 38,000 pages
 * for the first time, which was a fifth of its CPU time, one page after the other. The pool (block_allocator_memory) is one mapping, which
 * another thread can touch first, many pages at a time.
 *
 * DuckDB does not say where its pool is, but reserves addresses for most of the machine's memory there: no other mapping is so large. When
 * it is not found, nothing is different but the time.
 *
 * A refresh of 500 events uses less than 72 MiB of it; 128 MiB took 15 ms of CPU and 33 MiB more, and no less time.
 *
 * With one core there is no pool: DuckDB itself touches all of a block of it before it gives it out, also what is never written. Huge pages
 * (MADV_HUGEPAGE) gained no more, and cost twice the time of the kernel when it had to make place for them. */
#include "lake/internal.h"

#include "base/cpu.h"
#include "base/memory.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define POOL_BYTES  (INT64_C(72) << 20)
#define PIECE_BYTES (INT64_C(2) << 20)

/* Who maps memory meanwhile waits for the piece to be ready, half a millisecond. Without a pause, this thread would take the lock of the
 * kernel again before the one who waits is awake, for four milliseconds each time (RWSEM_WAIT_TIMEOUT). */
static const struct timespec PAUSE = {.tv_nsec = 50000};

struct LakePool {
    char *start; /* NULL: not found */
    pthread_t thread;
    bool running;
    atomic_bool ends;
};

/* The start of the largest mapping that is memory of this process alone; NULL: none holds the pool. */
static char *find_pool(void) {
    enum { LINE_BYTES = 512 };
    FILE *maps = fopen("/proc/self/maps", "re");
    uintptr_t from, to, found = 0, largest = POOL_BYTES - 1;
    char line[LINE_BYTES];
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " rw-p 00000000 00:00 0", &from, &to) == 2 && to - from > largest) {
            found = from;
            largest = to - from;
        }
    if (maps != NULL) fclose(maps);
    return (char *)found; // NOLINT(performance-no-int-to-ptr): the kernel gives addresses as text
}

static void *touch(void *pool) {
    LakePool *p = pool;
    for (int64_t at = 0; at < POOL_BYTES && !atomic_load(&p->ends); at += PIECE_BYTES) {
        if (madvise(p->start + at, PIECE_BYTES, MADV_POPULATE_WRITE) != 0) break;
        nanosleep(&PAUSE, NULL);
    }
    return NULL;
}

static int make_pool(LakeConn *conn, Error *err) {
    CLEANUP(free_text) char *sql = xasprintf("SET GLOBAL block_allocator_memory = '%" PRId64 "B'", POOL_BYTES);
    return lake_exec(conn, "block pool", sql, err);
}

LakePool *lake_pool_begin(LakeConn *conn) {
    LakePool *p = xcalloc(1, sizeof *p);
    Error ignored = {0};
    int64_t limit = conn->lake->memory_limit;
    if (cpu_count() == 1 || (limit > 0 && limit < POOL_BYTES) || make_pool(conn, &ignored) != 0) {
        error_clear(&ignored);
        return p;
    }
    p->start = find_pool();
    p->running = p->start != NULL && pthread_create(&p->thread, NULL, touch, p) == 0;
    return p;
}

void lake_pool_end(LakePool *p) {
    atomic_store(&p->ends, true);
    if (p->running) pthread_join(p->thread, NULL);
    free(p);
}
