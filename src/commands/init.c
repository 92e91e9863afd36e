/* init.c: `smelt init`: writes the files that a new deployment edits, and checks Kafka and the disk. */
#include "base/counted.h"
#include "base/document.h"
#include "base/embedded.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "commands/all.h"
#include "commands/app.h"
#include "contract/explain.h"
#include "contract/pipeline.h"
#include "kafka/admin.h"
#include <libgen.h>
#include <string.h>
#include <sys/statvfs.h>

#define PING_MS        3000
#define LOW_DISK_BYTES (INT64_C(1) << 30)

static const struct argp argp = {
    .doc = "Writes smelt.yaml and pipeline/ (contracts and features) into the working directory, for editing. "
           "Existing files are kept. "
           "Then checks Kafka and the disk."
           "\vExamples:\n"
           "  mkdir lakehouse && cd lakehouse && smelt init\n"
           "  smelt --set kafka.bootstrap=broker:9092 init\n",
};

static int write_new(App *app, const char *path, const char *text, size_t n, Error *err) {
    CLEANUP(free_text) char *copy = xstrdup(path);
    const char *state = "kept";
    if (!file_exists(path)) {
        if (dir_make(dirname(copy), err) != 0 || file_write_atomic(path, text, n, err) != 0) return -1;
        state = "written";
    }
    say(app, "%-8s %s\n", state, path);
    json_object_set_new(json_object_get(app->summary, "files"), path, json_string(state));
    return 0;
}

/* In double quotes, as YAML and JSON have them; what YAML does not allow as it is, is escaped. NULL: it is not UTF-8. The caller frees. */
static char *quoted(const char *value) {
    CLEANUP(json_freep) json_t *string = json_string(value);
    if (string == NULL) return NULL;
    CLEANUP(free_text) char *text = json_text(string);
    return terminal_value(text);
}

/* A comment with meaning and range, then the setting itself, commented out if it has the default value. */
static void add_setting(const Setting *s, Buf *out) {
    CLEANUP(free_text) char *range = s->spec != NULL ? setting_range(s->spec) : xstrdup("");
    bool chosen = strcmp(s->source, "default") != 0 && !s->secret;
    bool pipeline = strcmp(s->key, "pipeline.dir") == 0;
    const char *value = pipeline && !chosen ? "pipeline" : s->secret ? "" : s->value;
    buf_addf(out, "\n# %s", s->help);
    if (range[0] != '\0') buf_addf(out, " (%s)", range);
    CLEANUP(free_text) char *text = quoted(value);
    buf_addf(out, "\n%s%s: %s\n", (chosen || pipeline) && text != NULL ? "" : "# ", s->key,
             text != NULL ? text : "(the value that was given is not UTF-8)");
}

static int write_settings(App *app, Error *err) {
    CLEANUP(buf_done) Buf text = {0};
    buf_add_str(&text, "# Settings of smelt. `smelt config` prints all of them with their sources. Uncomment what you change.\n");
    for (size_t i = 0; i < settings_count(app->settings); i++) {
        Setting s = settings_at(app->settings, i);
        add_setting(&s, &text);
    }
    return write_new(app, "smelt.yaml", text.data, text.len, err);
}

static int write_pipeline(App *app, Error *err) {
    for (const EmbeddedFile *f = embedded_files; f->path != NULL; f++)
        if (strncmp(f->path, "pipeline/", 9) == 0 && write_new(app, f->path, (const char *)f->data, f->len, err) != 0) return -1;
    return 0;
}

/* The pipeline that the next command uses: in a folder of the settings, or the one that was just written. */
static void check_pipeline(App *app) {
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    CLEANUP(json_freep) json_t *mistakes = NULL;
    Error err = {0};
    size_t i;
    json_t *one;
    const char *dir = pipeline_dir(app->settings) != NULL ? pipeline_dir(app->settings) : "pipeline";
    json_t *unenforced = pipeline_check_dir(dir, NULL, &pipeline, &mistakes, &err) == 0 ? pipeline_unenforced(pipeline) : json_array();
    json_object_set_new(app->summary, "unenforced", unenforced);
    json_object_set(app->summary, "mistakes", mistakes);
    json_array_foreach(unenforced, i, one)
        say(app, "%s:%d: %s %s\n", json_string_value(json_object_get(one, "file")), (int)json_integer_value(json_object_get(one, "line")),
            json_string_value(json_object_get(one, "path")), json_string_value(json_object_get(one, "text")));
    if (json_array_size(mistakes) > 0)
        say(app, "%zu %s in the pipeline: `smelt contract check` shows more\n", json_array_size(mistakes),
            counted((int64_t)json_array_size(mistakes), "mistake", "mistakes"));
    error_clear(&err);
}

static void check_kafka(App *app) {
    CLEANUP(kafka_client_freep) KafkaClient *client = NULL;
    KafkaPing ping = {0};
    Error err = {0};
    bool ok = kafka_connect(app->settings, &client, &err) == 0 && kafka_ping(client, PING_MS, &ping, &err) == 0;
    if (ok)
        say(app, "Kafka    %s answers (%d broker%s, %.0f ms)\n", settings_text(app->settings, "kafka.bootstrap"), ping.brokers,
            ping.brokers == 1 ? "" : "s", ping.latency_ms);
    else
        say(app, "Kafka    unreachable: %s. Set kafka.bootstrap in smelt.yaml\n", err.text);
    json_object_set_new(app->summary, "kafka", json_boolean(ok));
    error_clear(&err);
}

static void check_disk(App *app) {
    struct statvfs disk;
    if (statvfs(".", &disk) != 0) return;
    int64_t bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    say(app, "Disk     %.1f GB free%s\n", (double)bytes / 1e9, bytes < LOW_DISK_BYTES ? ", which is little for a lake" : "");
    json_object_set_new(app->summary, "disk_free_bytes", json_integer(bytes));
}

int command_init(App *app, int argc, char **argv, Error *err) {
    if (command_parse(app, &argp, argc, argv, NULL, err) != 0) return -1;
    app->summary = json_pack("{s{}}", "files");
    if (write_settings(app, err) != 0 || write_pipeline(app, err) != 0) return -1;
    check_pipeline(app);
    check_kafka(app);
    check_disk(app);
    say(app, "Next: edit smelt.yaml, then `smelt run` and `smelt serve`, or `smelt up` for everything in one process.\n");
    return 0;
}
