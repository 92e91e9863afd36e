/* fault.h: what the files of the preload library share. Loaded into a smelt by LD_PRELOAD; told what to do by the environment:
 *
 *   FAULT_ROOT    only files below this folder are looked at
 *   FAULT_RULES   rules, separated by ';' (rules.c)
 *   FAULT_LOG     gets a line for each fault that fired: "fired RULE CALL PATH"
 *   FAULT_TRACE   gets a line for each call: "CALL PATH" (how the nth call is chosen)
 *   FAULT_OPS     gets each change of a file with its bytes, so that a power cut can be computed afterwards (ops.c)
 *   FAULT_CLOCK   a file with seconds that the wall clock is off by (clock.c)
 *   FAULT_THREADS how many threads may run besides the first one (threads.c)
 *   FAULT_MALLOC  in libfault_memory.so: which allocation fails (memory.c)
 *
 * Everything below is called with the process's own locks held or not, from any thread: nothing here allocates, and system calls are made
 * directly, never through the functions that are replaced. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef enum Call { CALL_OPEN, CALL_WRITE, CALL_SYNC, CALL_RENAME, CALL_UNLINK, CALL_TRUNCATE, CALL_READ, CALLS } Call;
extern const char *const call_names[CALLS];

/* ---- report.c ---- */

/* A line at the end of the file that the variable names; nothing without one. One write: lines of threads and processes do not mix. */
void report_line(const char *variable, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- rules.c ---- */

typedef struct Verdict {
    int problem;    /* errno to fail with; 0: none */
    size_t allowed; /* of a write: so many bytes go through */
} Verdict;

/* Counts the call and says what becomes of it. `grows`: bytes that the file would grow by. Does not return when the rule kills. */
Verdict rules_judge(Call call, const char *path, size_t bytes, size_t grows);
/* The least that any rule with `room` still allows; UINT64_MAX: there is none. */
uint64_t rules_room(void);

/* ---- ops.c ---- */

/* All changes of files are made between these, so that the record has them in the order in which they happened. */
void ops_lock(void);
void ops_unlock(void);
/* `handle` numbers the opens; the file that it stands for is found by replaying the record. */
uint32_t ops_open(const char *path, int flags);
void ops_write(uint32_t handle, uint64_t offset, const void *bytes, size_t n);
void ops_truncate(uint32_t handle, uint64_t size);
void ops_sync(uint32_t handle);
void ops_rename(const char *from, const char *to);
void ops_unlink(const char *path);
