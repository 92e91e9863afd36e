/* process.c: see process.h. */
#include "web/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static void read_memory(ProcessUse *use) {
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL) return;
    if (fscanf(f, "%ld %ld", &pages, &resident) == 2) {
        use->virtual_bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
        use->resident_bytes = (double)resident * (double)sysconf(_SC_PAGESIZE);
    }
    fclose(f);
}

static double count_fds(void) {
    double n = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) return 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.') n++;
    closedir(folder);
    return n - 1; /* without the one of this folder */
}

static double seconds_of(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

ProcessUse process_use(void) {
    ProcessUse use = {.open_fds = count_fds()};
    struct rusage times;
    struct rlimit files;
    read_memory(&use);
    if (getrusage(RUSAGE_SELF, &times) == 0) use.cpu_seconds = seconds_of(times.ru_utime) + seconds_of(times.ru_stime);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) use.max_fds = (double)files.rlim_cur;
    return use;
}
