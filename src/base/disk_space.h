/* disk_space.h: free space on the disk of a folder, checked before something is written. Any thread. */
#pragma once
#include "base/error.h"
#include <stdint.h>

int64_t disk_space_size(const char *dir); /* bytes of the whole volume; -1: unknown */
int64_t disk_space_free(const char *dir); /* bytes available to an unprivileged user; -1: unknown */
/* ERR_FULL when less than `least` bytes are free. */
int disk_space_check(const char *dir, int64_t least, Error *err) MUST_CHECK;
/* Waits until `least` bytes are free; logs the start and the end of the wait. ERR_STOPPED: a stop was requested meanwhile. */
int disk_space_wait(const char *dir, int64_t least, Error *err) MUST_CHECK;
