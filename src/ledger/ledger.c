/* ledger.c: see ledger.h. */
#include "ledger/ledger.h"

#include "base/memory.h"

/* Columns of sql/ledger/read.sql. */
enum { R_EPOCH, R_TOPIC_ID, R_CLUSTER_ID, R_PARTITION, R_START, R_NEXT, R_LAST, R_LEADER_EPOCH, R_LAST_US };

int ledger_read(LakeConn *conn, const char *topic, TopicOffsets *ret, Error *err) {
    CLEANUP(topic_offsets_done) TopicOffsets list = {0};
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    LakeValue name = lake_text(topic);
    topic_offsets_init(&list, &(LedgerTopic){.name = topic});
    if (lake_query(conn, "ledger/read", lake_sql("ledger/read"), &name, 1, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        list.topic.epoch = (int)lake_col_int(rows, R_EPOCH);
        topic_offsets_set_ids(&list, &(LedgerTopic){.topic_id = lake_col_text(rows, R_TOPIC_ID, NULL),
                                                    .cluster_id = lake_col_text(rows, R_CLUSTER_ID, NULL)});
        Offsets *p =
            topic_offsets_put(&list, (int32_t)lake_col_int(rows, R_PARTITION), lake_col_int(rows, R_START), lake_col_int(rows, R_NEXT));
        if (!lake_is_null(rows, R_LAST)) p->last = lake_col_int(rows, R_LAST);
        if (!lake_is_null(rows, R_LEADER_EPOCH)) p->leader_epoch = (int32_t)lake_col_int(rows, R_LEADER_EPOCH);
        if (!lake_is_null(rows, R_LAST_US)) p->last_us = lake_col_int(rows, R_LAST_US);
    }
    if (got < 0) return -1;
    *ret = list;
    list = (TopicOffsets){0};
    return 0;
}

/* Columns of sql/ledger/audit.sql. */
enum { A_TOPIC, A_EPOCH, A_PARTITION, A_OFFSETS, A_LANDED, A_DUPLICATES, A_REJECTED, A_GAPS, A_MISSING, A_REPEATED };

static int audit_losses(LakeConn *conn, LedgerAudit *audit, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    json_t *loss;
    size_t i;
    if (lake_query(conn, "ledger/losses", lake_sql("ledger/losses"), NULL, 0, &rows, err) != 0) return -1;
    if (lake_rows_json(rows, &audit->losses, err) != 0) return -1;
    json_array_foreach(audit->losses, i, loss) {
        audit->lost = json_integer_value(json_object_get(loss, "lost_in_all"));
        json_object_del(loss, "lost_in_all");
    }
    return 0;
}

int ledger_audit(LakeConn *conn, LedgerAudit *ret, Error *err) {
    CLEANUP(ledger_audit_done) LedgerAudit audit = {.partitions = json_array()};
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (audit_losses(conn, &audit, err) != 0) return -1;
    if (lake_query(conn, "ledger/audit", lake_sql("ledger/audit"), NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        audit.offsets += lake_col_int(rows, A_OFFSETS);
        audit.landed += lake_col_int(rows, A_LANDED);
        audit.duplicates += lake_col_int(rows, A_DUPLICATES);
        audit.rejected += lake_col_int(rows, A_REJECTED);
        audit.gaps += lake_col_int(rows, A_GAPS);
        audit.missing += lake_col_int(rows, A_MISSING);
        audit.repeated += lake_col_int(rows, A_REPEATED);
        if (lake_col_int(rows, A_MISSING) + lake_col_int(rows, A_REPEATED) > 0)
            json_array_append_new(audit.partitions, lake_row_json(rows));
    }
    if (got < 0) return -1;
    audit.ok = audit.missing == 0 && audit.repeated == 0;
    *ret = audit;
    audit = (LedgerAudit){0};
    return 0;
}

void ledger_audit_done(LedgerAudit *audit) {
    json_decref(audit->partitions);
    json_decref(audit->losses);
    *audit = (LedgerAudit){0};
}
