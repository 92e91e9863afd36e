/* process.h: CPU, memory and files of this process, for the metrics that every exporter has. Any thread. */
#pragma once

typedef struct ProcessUse {
    double cpu_seconds; /* user and system */
    double resident_bytes, virtual_bytes;
    double open_fds, max_fds;
} ProcessUse;

/* Some ten microseconds; a value that the kernel does not tell is 0. */
ProcessUse process_use(void);
