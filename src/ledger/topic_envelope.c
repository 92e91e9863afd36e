/* topic_envelope.c: see topic_envelope.h. Only a change is written, so that a start without one costs a query. */
#include "ledger/topic_envelope.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include <string.h>

static int store(LakeConn *conn, const char *topic, const LedgerEnvelope *now, Error *err) {
    LakeValue values[] = {lake_text(topic), lake_text(now->sha256), lake_text(now->text), lake_time(clock_wall_us())};
    return lake_exec_values(conn, "ledger/store_envelope", lake_sql("ledger/store_envelope"), values, ARRAY_LEN(values), NULL, err);
}

static void log_change(const char *topic, const char *now, const char *before) {
    log_warn(
        "ingest",
        "%s: the envelope has changed, it holds for messages from now on: Bronze that is there stays as it was, and a message that comes "
        "again may be another event. Now %s, before %s",
        topic, now, before);
}

int ledger_note_envelope(LakeConn *conn, const char *topic, const LedgerEnvelope *now, const LedgerEnvelope *first, bool *ret_changed,
                         Error *err) {
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    LakeValue name = lake_text(topic);
    if (lake_query(conn, "ledger/envelope", lake_sql("ledger/envelope"), &name, 1, &row, err) != 0) return -1;
    int got = lake_next(row, err);
    if (got < 0) return -1;
    LedgerEnvelope noted = {0};
    if (got > 0) noted = (LedgerEnvelope){lake_col_text(row, 0, NULL), lake_col_text(row, 1, NULL)};
    const LedgerEnvelope *before = got > 0 ? &noted : first;
    if (got > 0 && strcmp(noted.sha256, now->sha256) == 0 && strcmp(noted.text, now->text) == 0) return 0;
    *ret_changed = before != NULL && strcmp(before->sha256, now->sha256) != 0;
    if (*ret_changed) log_change(topic, now->text, before->text);
    lake_result_freep(&row);
    row = NULL;
    return store(conn, topic, now, err);
}

int ledger_read_file_topic(LakeConn *conn, const char *file, char **ret, Error *err) {
    LakeValue name = lake_text(file);
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    if (lake_query(conn, "ledger/file_topic", lake_sql("ledger/file_topic"), &name, 1, &row, err) != 0) return -1;
    int got = lake_next(row, err);
    if (got < 0) return -1;
    *ret = got > 0 ? xstrdup(lake_col_text(row, 0, NULL)) : NULL;
    return 0;
}
