/* operation_log.h: what was asked of servers to change, in a journal beside the lake (base/journal.h), so that a server that was restarted
 * still knows it and its keys. A line has key and asked (operations.c; "": none) and `operation`, its view, which the last line of an id
 * says. The file is bounded: with 512 KiB it becomes PATH.1, in place of the one before. Any thread. */
#pragma once
#include <jansson.h>

/* `view` is borrowed. What cannot be written is logged: as where data.dir may only be read. */
void operation_log_write(const char *path, const char *key, const char *asked, const json_t *view);

typedef void (*OperationLogTake)(void *arg, const char *key, const char *asked, const json_t *view);
/* Each line of both files, oldest first. */
void operation_log_read(const char *path, OperationLogTake take, void *arg);
