/* produce_output.c: messages to Kafka or to a file, behind one set of calls.
 *
 * Two kinds and one user: two branches are simpler than a table of functions. A flush is patient while acknowledgements come and gives up
 * when none came for a while, or soon after a stop was requested.
 *
 * Invariant: produce_output_safe counts only what cannot be lost by us any more. */
#include "commands/produce_output.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/stop.h"
#include "kafka/admin.h"
#include <errno.h>
#include <string.h>

#define FLUSH_SLICE_MS   1000
#define STOP_PATIENCE_MS 5000
#define FILE_BUFFER      (1 << 20)

int produce_output_open_topic(const Settings *settings, int partitions, int timeout_ms, ProduceOutput *ret, Error *err) {
    CLEANUP(produce_output_done) ProduceOutput output = {0};
    const char *topic = settings_text(settings, "kafka.topic");
    if (kafka_producer_open(settings, topic, &output.producer, err) != 0) return -1;
    KafkaClient *client = kafka_producer_client(output.producer);
    if (kafka_topic_ensure(client, topic, partitions, timeout_ms, &output.topic_created, &output.partitions, err) != 0) return -1;
    *ret = output;
    output = (ProduceOutput){0};
    return 0;
}

int produce_output_open_file(const char *path, ProduceOutput *ret, Error *err) {
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (file == NULL) return error_errno(err, ERR_IO, errno, "cannot write %s", path);
    setvbuf(file, NULL, _IOFBF, FILE_BUFFER);
    *ret = (ProduceOutput){.file = file, .path = xstrdup(path)};
    return 0;
}

void produce_output_done(ProduceOutput *output) {
    kafka_producer_freep(&output->producer);
    if (output->file != NULL && output->file != stdout) fclose(output->file);
    free(output->path);
    *output = (ProduceOutput){0};
}

int produce_output_write(ProduceOutput *output, const EmitterMessage *message, Error *err) {
    if (output->producer != NULL)
        return kafka_producer_send(output->producer, message->key, message->key_len, message->value, message->value_len, err);
    size_t n = message->value_len;
    if ((n > 0 && fwrite(message->value, 1, n, output->file) != n) || putc('\n', output->file) == EOF)
        return error_errno(err, ERR_IO, errno, "cannot write %s", output->path);
    output->written++;
    return 0;
}

uint64_t produce_output_safe(const ProduceOutput *output) {
    return output->producer != NULL ? kafka_producer_deliveries(output->producer).acked : output->flushed;
}

uint64_t produce_output_failed(const ProduceOutput *output) {
    return output->producer != NULL ? kafka_producer_deliveries(output->producer).failed : 0;
}

static int flush_topic(ProduceOutput *output, int patience_ms, void (*on_progress)(void *context), void *context, Error *err) {
    uint64_t moved = 0;
    int64_t moved_ns = clock_mono_ns();
    while (kafka_producer_flush(output->producer, FLUSH_SLICE_MS, err) != 0) {
        uint64_t now = produce_output_safe(output) + produce_output_failed(output);
        if (now != moved) moved_ns = clock_mono_ns();
        moved = now;
        int waits_ms = stop_requested() && patience_ms > STOP_PATIENCE_MS ? STOP_PATIENCE_MS : patience_ms;
        if (clock_seconds_since(moved_ns) * 1000 >= waits_ms) return -1;
        error_clear(err);
        on_progress(context);
    }
    return 0;
}

int produce_output_flush(ProduceOutput *output, int patience_ms, void (*on_progress)(void *context), void *context, Error *err) {
    if (output->producer != NULL) return flush_topic(output, patience_ms, on_progress, context, err);
    if (fflush(output->file) != 0) return error_errno(err, ERR_IO, errno, "cannot write %s", output->path);
    output->flushed = output->written;
    return 0;
}
