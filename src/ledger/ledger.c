/* ledger.c: see ledger.h. */
#include "ledger/ledger.h"

#include "base/memory.h"

int ledger_read(LakeConn *conn, const char *topic, Ledger *ret, Error *err) {
    CLEANUP(ledger_done) Ledger ledger = {0};
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    LakeValue name = lake_text(topic);
    if (lake_query(conn, "ledger/read", lake_sql("ledger/read"), &name, 1, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        if (!ledger.known) {
            const char *topic_id = lake_col_text(rows, 1, NULL), *cluster_id = lake_col_text(rows, 2, NULL);
            ledger.known = true;
            ledger.epoch = (int)lake_col_int(rows, 0);
            ledger.topic_id = topic_id != NULL ? xstrdup(topic_id) : NULL;
            ledger.cluster_id = cluster_id != NULL ? xstrdup(cluster_id) : NULL;
        }
        ledger.partitions = xrealloc(ledger.partitions, ledger.count + 1, sizeof *ledger.partitions);
        ledger.partitions[ledger.count++] = (LedgerPartition){
            .partition = (int32_t)lake_col_int(rows, 3), .start_offset = lake_col_int(rows, 4), .next_offset = lake_col_int(rows, 5)};
    }
    if (got < 0) return -1;
    *ret = ledger;
    ledger = (Ledger){0};
    return 0;
}

void ledger_done(Ledger *ledger) {
    free(ledger->topic_id);
    free(ledger->cluster_id);
    free(ledger->partitions);
    *ledger = (Ledger){0};
}

const LedgerPartition *ledger_find(const Ledger *ledger, int32_t partition) {
    for (size_t i = 0; i < ledger->count; i++)
        if (ledger->partitions[i].partition == partition) return &ledger->partitions[i];
    return NULL;
}

/* Columns of sql/ledger/audit.sql. */
enum { A_TOPIC, A_EPOCH, A_PARTITION, A_OFFSETS, A_LANDED, A_DUPLICATES, A_REJECTED, A_GAPS, A_MISSING, A_REPEATED };

int ledger_audit(LakeConn *conn, LedgerAudit *ret, Error *err) {
    CLEANUP(ledger_audit_done) LedgerAudit audit = {.partitions = json_array()};
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
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
    *audit = (LedgerAudit){0};
}
