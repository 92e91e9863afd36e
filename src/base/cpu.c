/* cpu.c: see cpu.h. */
#include "base/cpu.h"

#include <sched.h>
#include <stdio.h>

/* https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files: "$MAX $PERIOD", where $MAX may be "max". 0: no quota. In a
 * container its own control group is mounted as the root. */
static int quota(void) {
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    long long most = 0, period = 0;
    if (f == NULL) return 0;
    int got = fscanf(f, "%19lld %19lld", &most, &period);
    fclose(f);
    return got == 2 && most > 0 && period > 0 ? (int)((most + period - 1) / period) : 0;
}

int cpu_count(void) {
    cpu_set_t allowed;
    int cores = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1, most = quota();
    return most > 0 && most < cores ? most : cores;
}
