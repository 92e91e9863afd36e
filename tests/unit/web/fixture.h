/* fixture.h: a small lake with what the readers need, and an HTTP client that sends exactly the bytes it is told to. */
#pragma once
#include "../fixture.h"
#include "../gold_parts.h"
#include "base/buf.h"
#include "base/embedded.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* What refine would have made: ten subscribers, S-00 the riskiest, S-09 without a score. */
static const char refined_sql[] =
    "CREATE TABLE silver_clean_events(event_id VARCHAR, event_timestamp TIMESTAMP);"
    "CREATE TABLE silver_quarantine(event_id VARCHAR, event_type VARCHAR, source_system VARCHAR, rule VARCHAR, field VARCHAR, \"value\" VARCHAR, "
    "reason VARCHAR, violations JSON, raw_payload JSON, kafka_topic VARCHAR, kafka_epoch INTEGER, kafka_partition INTEGER, kafka_offset BIGINT, "
    "batch_id BIGINT, quarantined_at TIMESTAMP, corrected_by VARCHAR);"
    "CREATE TABLE silver_drift(event_type VARCHAR, field VARCHAR, kind VARCHAR, events BIGINT, first_seen TIMESTAMP, last_seen "
    "TIMESTAMP, "
    "example VARCHAR);"
    "CREATE TABLE gold_features_base AS SELECT printf('S-%02d', i) AS subscriber_id, 10 + i AS total_events, 12.50::DECIMAL(18,2) AS "
    "avg_bill_zmw, 3 AS max_days_overdue, -71.5::DECIMAL(9,1) AS avg_signal_dbm, 40.0::DECIMAL(9,1) AS avg_latency_ms, (i % 2)::INTEGER AS "
    "churn_label, 1::BIGINT AS refined_batch FROM range(10) AS r(i);" GOLD_PARTS
    "INSERT INTO scores_base (entity_id, churn_probability, risk_band, reasons, model_id, scored_at) SELECT printf('S-%02d', i), (9 - i) / 10.0, CASE WHEN i < 3 THEN 'high' WHEN i < 6 THEN 'medium' ELSE "
    "'low' "
    "END, '[{\"feature\": \"avg_signal_dbm\", \"value\": -71.5, \"contribution\": 0.5}]', 'm1', now() FROM range(9) AS r(i);"
    "INSERT INTO bronze_raw_events (event_id, event_type, source_system, subscriber_id, event_timestamp, raw_payload, quality_score, "
    "ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id, extra_fields) SELECT printf('e%d', i), 'BSS', 'CRM', 'S-01', TIMESTAMPTZ '2025-06-01 10:00:00+00' + to_minutes(i), "
    "'{}', 80, "
    "now(), 't', 1, 0, i, now(), 1, NULL FROM range(120) AS r(i);"
    "INSERT INTO ledger_batches VALUES (1, now(), 120, 3, 2, 1);"
    "UPDATE refine_progress SET batch_id = 1, refined_at = now();"
    "INSERT INTO runs VALUES ('r1', now() - INTERVAL 1 MINUTE, now(), 'done', NULL);"
    "INSERT INTO run_steps VALUES ('r1', 0, 'ingest', 'done', 1, now(), 0.5, '{\"landed\": 120}', NULL);"
    "INSERT INTO models (model_id, trained_at, file, label_source, training_rows, auc, pr_auc, log_loss, watermark, metadata) VALUES ('m1', now(), 'models/m1.json', 'rule', 10, 0.9, 0.8, 0.1, NULL, '{}');";

static inline LakeFixture make_refined_lake(void) {
    LakeFixture f = open_migrated_lake(":memory:", NULL);
    run(f.conn, refined_sql);
    return f;
}

/* ---- HTTP ---- */

static inline int connect_to_port(int port) {
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = 20};
    assert_true(s >= 0);
    assert_int_equal(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    assert_int_equal(connect(s, (struct sockaddr *)&at, sizeof at), 0);
    return s;
}

static inline int port_of_url(const char *url) {
    return (int)strtol(strrchr(url, ':') + 1, NULL, 10);
}

static inline void send_bytes(int s, const void *bytes, size_t n) {
    assert_int_equal(send(s, bytes, n, MSG_NOSIGNAL), n);
}

/* Everything until the server closes. A server that keeps the connection fails the test. */
static inline char *read_all(int s) {
    Buf all = {0};
    ssize_t n;
    buf_add_str(&all, "");
    while ((n = recv(s, buf_reserve(&all, 4096), 4096, 0)) > 0) {
        all.len += (size_t)n;
        all.data[all.len] = '\0';
    }
    if (n < 0 && errno != ECONNRESET) fail_msg("the server did not close the connection: %s", strerror(errno));
    return buf_take(&all);
}

/* One raw exchange; the caller frees. */
static inline char *exchange(int port, const void *bytes, size_t n) {
    int s = connect_to_port(port);
    send_bytes(s, bytes, n);
    char *answer = read_all(s);
    close(s);
    return answer;
}

static inline char *request(int port, const char *method, const char *target, const char *headers) {
    CLEANUP(free_text) char *text = xasprintf("%s %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n%s\r\n", method, target, headers);
    return exchange(port, text, strlen(text));
}

static inline int status_of(const char *answer) {
    int status = 0;
    return sscanf(answer, "HTTP/1.1 %3d", &status) == 1 ? status : 0;
}

static inline const char *body_of(const char *answer) {
    const char *end = strstr(answer, "\r\n\r\n");
    return end != NULL ? end + 4 : "";
}

/* The value of a header, for a comparison; the caller frees. NULL when it is not there. */
static inline char *header_of(const char *answer, const char *name) {
    CLEANUP(free_text) char *start = xasprintf("\r\n%s: ", name);
    const char *at = strcasestr(answer, start);
    if (at == NULL || at > body_of(answer)) return NULL;
    at += strlen(start);
    return xstrndup(at, strcspn(at, "\r"));
}
