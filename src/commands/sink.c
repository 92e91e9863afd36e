/* sink.c: messages to Kafka or to a file, behind one set of calls.
 *
 * Two kinds and one user: two branches are simpler than a table of functions. A flush is patient while acknowledgements come and gives up
 * when none came for a while, or soon after a stop was requested.
 *
 * Invariant: sink_safe counts only what cannot be lost by us any more. */
#include "commands/sink.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/stop.h"
#include "kafka/admin.h"
#include <errno.h>
#include <string.h>

#define FLUSH_SLICE_MS   1000
#define STOP_PATIENCE_MS 5000
#define FILE_BUFFER      (1 << 20)

int sink_open_topic(const Settings *settings, int partitions, int timeout_ms, Sink *ret, Error *err) {
    CLEANUP(sink_done) Sink sink = {0};
    const char *topic = settings_text(settings, "kafka.topic");
    if (kafka_producer_open(settings, topic, &sink.producer, err) != 0) return -1;
    KafkaClient *client = kafka_producer_client(sink.producer);
    if (kafka_topic_ensure(client, topic, partitions, timeout_ms, &sink.topic_created, &sink.partitions, err) != 0) return -1;
    *ret = sink;
    sink = (Sink){0};
    return 0;
}

int sink_open_file(const char *path, Sink *ret, Error *err) {
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (file == NULL) return error_errno(err, ERR_IO, errno, "cannot write %s", path);
    setvbuf(file, NULL, _IOFBF, FILE_BUFFER);
    *ret = (Sink){.file = file, .path = xstrdup(path)};
    return 0;
}

void sink_done(Sink *sink) {
    kafka_producer_freep(&sink->producer);
    if (sink->file != NULL && sink->file != stdout) fclose(sink->file);
    free(sink->path);
    *sink = (Sink){0};
}

int sink_write(Sink *sink, const EmitterMessage *message, Error *err) {
    if (sink->producer != NULL)
        return kafka_producer_send(sink->producer, message->key, message->key_len, message->value, message->value_len, err);
    size_t n = message->value_len;
    if ((n > 0 && fwrite(message->value, 1, n, sink->file) != n) || putc('\n', sink->file) == EOF)
        return error_errno(err, ERR_IO, errno, "cannot write %s", sink->path);
    sink->written++;
    return 0;
}

uint64_t sink_safe(const Sink *sink) {
    return sink->producer != NULL ? kafka_producer_deliveries(sink->producer).acked : sink->flushed;
}

uint64_t sink_failed(const Sink *sink) {
    return sink->producer != NULL ? kafka_producer_deliveries(sink->producer).failed : 0;
}

static int flush_topic(Sink *sink, int patience_ms, void (*on_progress)(void *context), void *context, Error *err) {
    uint64_t moved = 0;
    int64_t moved_ns = clock_mono_ns();
    while (kafka_producer_flush(sink->producer, FLUSH_SLICE_MS, err) != 0) {
        uint64_t now = sink_safe(sink) + sink_failed(sink);
        if (now != moved) moved_ns = clock_mono_ns();
        moved = now;
        int waits_ms = stop_requested() && patience_ms > STOP_PATIENCE_MS ? STOP_PATIENCE_MS : patience_ms;
        if (clock_seconds_since(moved_ns) * 1000 >= waits_ms) return -1;
        error_clear(err);
        on_progress(context);
    }
    return 0;
}

int sink_flush(Sink *sink, int patience_ms, void (*on_progress)(void *context), void *context, Error *err) {
    if (sink->producer != NULL) return flush_topic(sink, patience_ms, on_progress, context, err);
    if (fflush(sink->file) != 0) return error_errno(err, ERR_IO, errno, "cannot write %s", sink->path);
    sink->flushed = sink->written;
    return 0;
}
