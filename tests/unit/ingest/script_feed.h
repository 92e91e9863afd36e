/* script_feed.h: a feed that plays a script, event by event: what Kafka may do, at will. test_feed.c holds it to the contract of feeds. */
#pragma once
#include "base/memory.h"
#include "base/stop.h"
#include "ingest/feed_internal.h"
#include <string.h>

#define SCRIPT_PARTITIONS 3

typedef struct Script {
    Feed feed;
    const char *topic_id;                  /* NULL: the topic was deleted */
    Offsets partitions[SCRIPT_PARTITIONS]; /* start, end: what the feed has; next: what it was asked for last */
    size_t partition_count;
    const KafkaEvent *events; /* borrowed; those below the offset that was asked for, and of partitions that were not, are left out */
    size_t count, at;
    bool redelivers;      /* ... but not here, as a client library may */
    int away, away_later; /* so many descriptions fail before the first answer, and so many after it */
    int64_t start_later;  /* partition 0's `start` once the script plays that an offset is out of range */
    size_t grows_at;      /* once so many events were played, the topic has another partition; 0: never */
    int checks;           /* so many are answered, then the feed is away; 0: all are */
    int checked;          /* so many were asked for */
    const char *broken;   /* why polling fails after the last event; NULL: nothing more comes */
    int heals_after;      /* so many failures; 0: never */
    int broke;            /* so many there were */
    int64_t sought;       /* by the last seek */
    int64_t verified;     /* by the last verify, with the leader epoch */
    int32_t verified_epoch;
    int64_t reported[SCRIPT_PARTITIONS];
    int32_t out_of_range;         /* the partition that was asked for an offset that is not there; -1: none */
    int64_t epoch_end;            /* where the leader epoch that is verified ends in the log now; OFFSET_UNKNOWN: where it did */
    int32_t truncated;            /* the partition for which that is below what was verified, to be told by the next poll; -1: none */
    bool range_first;             /* an offset that is out of range, of a fetch before the verify, is told instead, once */
    int32_t silent;               /* this partition gives no answer to the next `silent_for` descriptions; -1: none */
    int silent_for, silent_after; /* after so many that it answers */
    int64_t bad_from, bad_to;     /* the batch of partition 0 that cannot be read: [from, to); to == 0: all can */
    const char *throttle;         /* by which quota messages are held back; NULL: by none */
} Script;

static inline void script_free(Feed *feed) {
    (void)feed;
}

static inline int script_describe(Feed *feed, int timeout_ms, KafkaTopic *ret, Error *err) {
    (void)timeout_ms;
    Script *s = (Script *)feed;
    if (s->away > 0) {
        s->away--;
        return error_set(err, ERR_UNAVAILABLE, "no answer");
    }
    *ret = (KafkaTopic){.exists = s->topic_id != NULL, .cluster_id = xstrdup("cluster")};
    if (s->topic_id == NULL) return 0;
    ret->topic_id = xstrdup(s->topic_id);
    ret->partition_count = s->partition_count;
    ret->partitions = xcalloc(s->partition_count, sizeof *ret->partitions);
    memcpy(ret->partitions, s->partitions, s->partition_count * sizeof *ret->partitions);
    for (size_t i = 0; i < s->partition_count; i++) {
        ret->partitions[i].next = OFFSET_UNKNOWN;
        if (s->silent == (int32_t)i && s->silent_for > 0 && s->silent_after == 0)
            ret->partitions[i].start = ret->partitions[i].end = OFFSET_UNKNOWN;
        if (!offsets_are_known(&ret->partitions[i])) ret->unanswered++;
    }
    if (s->silent_after > 0)
        s->silent_after--;
    else if (s->silent_for > 0)
        s->silent_for--;
    s->away = s->away_later;
    s->away_later = 0;
    return 0;
}

static inline int script_check(Feed *feed, const KafkaTopic *was, int timeout_ms, bool *ret_grown, Error *err) {
    Script *s = (Script *)feed;
    (void)timeout_ms;
    s->checked++;
    if (s->checks < 0) return error_set(err, ERR_UNAVAILABLE, "no answer any more");
    if (s->checks > 0 && --s->checks == 0) s->checks = -1;
    if (s->topic_id == NULL || strcmp(s->topic_id, was->topic_id) != 0) return error_set(err, ERR_DATA, "deleted or recreated");
    if (s->grows_at > 0 && s->at >= s->grows_at && s->partition_count == was->partition_count) s->partition_count++;
    *ret_grown = s->partition_count > was->partition_count;
    return 0;
}

static inline void script_ask(Script *s, int32_t partition, int64_t offset) {
    Offsets *p = &s->partitions[partition];
    p->next = offset;
    if (offset < p->start || offset > p->end) s->out_of_range = partition;
    s->at = 0;
}

static inline int script_start(Feed *feed, const Offsets *partitions, size_t n, Error *err) {
    (void)err;
    for (size_t i = 0; i < n; i++) script_ask((Script *)feed, partitions[i].partition, partitions[i].next);
    return 0;
}

static inline bool script_leaves_out(const Script *s, const KafkaEvent *e) {
    int64_t asked = s->partitions[e->partition].next;
    return asked == OFFSET_UNKNOWN || (!s->redelivers && e->offset < asked);
}

static inline bool script_is_bad(const Script *s, const KafkaEvent *e) {
    return s->bad_to > 0 && e->partition == 0 && e->offset >= s->bad_from && s->partitions[0].next < s->bad_to;
}

static inline int script_poll(Feed *feed, int timeout_ms, KafkaEvent *ret, Error *err) {
    Script *s = (Script *)feed;
    if (s->out_of_range >= 0) {
        *ret = (KafkaEvent){.kind = KAFKA_OUT_OF_RANGE, .partition = s->out_of_range, .offset = s->partitions[s->out_of_range].next};
        s->out_of_range = -1;
        return 0;
    }
    if (s->range_first && s->truncated >= 0) {
        *ret = (KafkaEvent){.kind = KAFKA_OUT_OF_RANGE, .partition = s->truncated};
        s->range_first = false;
        s->truncated = -1;
        return 0;
    }
    if (s->truncated >= 0) {
        *ret = (KafkaEvent){.kind = KAFKA_TRUNCATED, .partition = s->truncated, .offset = s->epoch_end};
        s->truncated = -1;
        return 0;
    }
    while (s->at < s->count && script_leaves_out(s, &s->events[s->at])) s->at++;
    bool breaks = s->broken != NULL && (s->heals_after == 0 || s->broke < s->heals_after);
    if (s->at == s->count && breaks) {
        s->broke++;
        return error_set(err, ERR_DATA, "%s", s->broken);
    }
    if (s->at == s->count) stop_wait_ms(timeout_ms);
    if (s->at < s->count && script_is_bad(s, &s->events[s->at])) {
        *ret =
            (KafkaEvent){.kind = KAFKA_PROBLEM, .partition = 0, .offset = s->bad_from, .reason = "failed CRC32C check", .unreadable = true};
        return 0;
    }
    *ret = s->at < s->count ? s->events[s->at++] : (KafkaEvent){.kind = KAFKA_NOTHING};
    if (ret->kind == KAFKA_OUT_OF_RANGE) s->partitions[0].start = s->start_later;
    return 0;
}

static inline int script_seek(Feed *feed, int32_t partition, int64_t offset, Error *err) {
    (void)err;
    ((Script *)feed)->sought = offset;
    script_ask((Script *)feed, partition, offset);
    return 0;
}

static inline int script_verify(Feed *feed, const Offsets *p, int64_t offset, Error *err) {
    (void)err;
    Script *s = (Script *)feed;
    s->verified = offset;
    s->verified_epoch = p->leader_epoch;
    s->partitions[p->partition].next = offset;
    s->at = 0;
    if (s->epoch_end != OFFSET_UNKNOWN && s->epoch_end < offset) s->truncated = p->partition;
    if (s->truncated < 0) script_ask(s, p->partition, offset);
    s->out_of_range = s->truncated >= 0 ? -1 : s->out_of_range; /* the leader is asked before anything is read */
    return 0;
}

static inline void script_report(Feed *feed, const Offsets *partitions, size_t n) {
    for (size_t i = 0; i < n; i++) ((Script *)feed)->reported[partitions[i].partition] = partitions[i].next;
}

static inline const char *script_throttle(Feed *feed) {
    return ((Script *)feed)->throttle;
}

static const FeedOps script_ops = {script_free, script_describe, script_check,  script_start,   script_poll,
                                   script_seek, script_verify,   script_report, script_throttle};

/* One partition with the offsets [start, end). */
static inline Script script(int64_t start, int64_t end, const KafkaEvent *events, size_t count) {
    static char name[] = "telecom.events";
    Script s = {.feed = {.ops = &script_ops, .topic = name},
                .topic_id = "first",
                .partition_count = 1,
                .events = events,
                .count = count,
                .out_of_range = -1,
                .epoch_end = OFFSET_UNKNOWN,
                .truncated = -1,
                .silent = -1};
    for (int32_t i = 0; i < SCRIPT_PARTITIONS; i++) {
        s.partitions[i] = offsets_unknown(i);
        s.partitions[i].start = s.partitions[i].end = 0;
    }
    s.partitions[0].start = start;
    s.partitions[0].end = end;
    return s;
}
