/* audit_log.h: who read what about persons, and who changed what: a line for each, as JSON, in a file (0600) that is only appended to, or
 * among the lines of the log. Any thread.
 *
 * A line is written before its answer is sent. A disk that is full or hangs stops no answer: what is missing is counted, logged, and said
 * in the file once it can be written again. */
#pragma once
#include "web/routes.h"

typedef struct AuditLog AuditLog;
/* `path` "": NULL, none; "log": lines of the log. ERR_CONFIG: it is neither a file nor a device, or yes or no, which it once was; ERR_IO:
 * it cannot be opened. */
int audit_log_open(const char *path, AuditLog **ret, Error *err) MUST_CHECK;
void audit_log_free(AuditLog *log);
DEFINE_CLEANUP(audit_log_free, AuditLog)

/* The functions below do nothing when `log` is NULL. */

/* An answer: taken when it changes something, or reads rows of persons, payloads or all tables. */
void audit_log_answer(AuditLog *log, const Route *route, const Request *req, int status);
/* The end of an operation (operations.h); for operations_new. */
void audit_log_operation(void *log, const json_t *view);
/* Opens the file again after SIGHUP, as programs that rotate logs ask for, and after a failure. To be called a few times a second. */
void audit_log_follow(AuditLog *log);
/* ERR_IO while lines are missing, with how many. */
int audit_log_check(void *log, Error *err) MUST_CHECK;
