/* cpu.h: how many threads can run at once. */
#pragma once

/* The cores that this process may use: those of the machine, less by its affinity (taskset) and by the quota of its control group
 * (`cpu.max`, as containers have it), which counts up. At least 1. */
int cpu_count(void);
