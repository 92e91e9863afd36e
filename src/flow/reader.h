/* reader.h: asks the lake without writing to it: also while another process writes it, and on a read-only volume. Any thread. */
#pragma once
#include "base/settings.h"
#include "lake/lake.h"

/* Answers a question of flow/questions.h: from the file when no process writes it, otherwise by that process. A lake of an older version is
 * opened as by a writer first, which migrates it. ERR_UNAVAILABLE, ERR_DATA as writer_open_existing; ERR_BUSY: the writer cannot be asked;
 * ERR_UNAVAILABLE also when it hangs; otherwise the error of the question. The caller owns the answer. */
int reader_ask(const Settings *settings, const char *question, const json_t *args, json_t **ret, Error *err) MUST_CHECK;
/* Asks the process that has the lake whether it still has what its commit mark says. ERR_UNAVAILABLE when it does not answer within
 * seconds, ERR_BUSY when it cannot be asked from here. */
int reader_check_writer(const Settings *settings, Error *err) MUST_CHECK;
