/* produce_output.c: writes messages to Kafka or to a file, with one set of functions.
 *
 * With two kinds and one caller, an `if` is simpler than a table of functions. A flush continues while acknowledgements arrive. It fails
 * when none arrived for `timeout_ms`, or for less when a stop was requested.
 *
 * Invariant: produce_output_acknowledged counts only messages that this process can no longer lose. */
#include "commands/produce_output.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/stop.h"
#include "kafka/admin.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define FLUSH_SLICE_MS  1000
#define STOP_TIMEOUT_MS 3000 /* and a slice: less than the 5 s within which a stop must be done */
#define FILE_BUFFER     (1 << 20)

int produce_output_open_topic(const Settings *settings, int partitions, bool arrival_times, int timeout_ms, ProduceOutput *ret,
                              Error *err) {
    CLEANUP(produce_output_done) ProduceOutput output = {.arrival_times = arrival_times};
    const char *topic = settings_text(settings, "kafka.topic");
    if (kafka_producer_open(settings, topic, &output.producer, err) != 0) return -1;
    KafkaClient *client = kafka_producer_client(output.producer);
    if (kafka_topic_ensure(client, topic, partitions, arrival_times, timeout_ms, &output.topic_created, &output.partitions, err) != 0)
        return -1;
    *ret = output;
    output = (ProduceOutput){0};
    return 0;
}

int produce_output_open_file(const char *path, bool arrival_times, ProduceOutput *ret, Error *err) {
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (file == NULL) return error_errno(err, ERR_IO, errno, "cannot write %s", path);
    setvbuf(file, NULL, _IOFBF, FILE_BUFFER);
    *ret = (ProduceOutput){.file = file, .path = xstrdup(path), .arrival_times = arrival_times};
    return 0;
}

void produce_output_done(ProduceOutput *output) {
    kafka_producer_freep(&output->producer);
    if (output->file != NULL && output->file != stdout) fclose(output->file);
    free(output->path);
    *output = (ProduceOutput){0};
}

int produce_output_write(ProduceOutput *output, const EmitterMessage *message, Error *err) {
    int64_t arrived_ms = output->arrival_times ? message->arrived_us / 1000 : 0;
    if (output->producer != NULL)
        return kafka_producer_send_at(output->producer, arrived_ms, message->key, message->key_len, message->value, message->value_len,
                                      err);
    size_t n = message->value_len;
    if (output->arrival_times && fprintf(output->file, "%013" PRId64 "\t", arrived_ms) < 0)
        return error_errno(err, ERR_IO, errno, "cannot write %s", output->path);
    if ((n > 0 && fwrite(message->value, 1, n, output->file) != n) || putc('\n', output->file) == EOF)
        return error_errno(err, ERR_IO, errno, "cannot write %s", output->path);
    output->written++;
    return 0;
}

uint64_t produce_output_acknowledged(const ProduceOutput *output) {
    return output->producer != NULL ? kafka_producer_deliveries(output->producer).acked : output->flushed;
}

uint64_t produce_output_failed(const ProduceOutput *output) {
    return output->producer != NULL ? kafka_producer_deliveries(output->producer).failed : 0;
}

static int give_up(double seconds, Error *err) {
    if (!stop_requested()) return error_prefix(err, "no acknowledgement for %.0f s", seconds);
    return error_set(err, ERR_STOPPED, "stopped before all was acknowledged, and whether the rest arrived is not known: %s", err->text);
}

static int flush_topic(ProduceOutput *output, int timeout_ms, void (*on_progress)(void *context), void *context, Error *err) {
    uint64_t done = 0;
    int64_t changed_ns = clock_mono_ns();
    while (kafka_producer_flush(output->producer, FLUSH_SLICE_MS, err) != 0) {
        uint64_t now = produce_output_acknowledged(output) + produce_output_failed(output);
        if (now != done) changed_ns = clock_mono_ns();
        done = now;
        int limit_ms = stop_requested() && timeout_ms > STOP_TIMEOUT_MS ? STOP_TIMEOUT_MS : timeout_ms;
        double seconds = clock_seconds_since(changed_ns);
        if (seconds * 1000 >= limit_ms) return give_up(seconds, err);
        error_clear(err);
        on_progress(context);
    }
    return 0;
}

int produce_output_flush(ProduceOutput *output, int timeout_ms, void (*on_progress)(void *context), void *context, Error *err) {
    if (output->producer != NULL) return flush_topic(output, timeout_ms, on_progress, context, err);
    if (fflush(output->file) != 0) return error_errno(err, ERR_IO, errno, "cannot write %s", output->path);
    output->flushed = output->written;
    return 0;
}
