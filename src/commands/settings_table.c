/* settings_table.c: see settings_table.h.
 *
 * The rows are in the order of the data flow, then those of all commands; `smelt config`, `smelt init` and docs/settings.md keep this
 * order. A process reads all settings once, when it starts: `restart` names the servers that use the setting. */
#include "commands/settings_table.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/memory.h"
#include "ingest/decode.h"
#include "kafka/properties.h"

#define UP       "up"
#define UP_SERVE "up, serve"

static const char *const log_levels[] = {[LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error", NULL};
static const char *const log_formats[] = {[LOG_AUTO] = "auto", [LOG_TEXT] = "text", [LOG_JSON] = "json", NULL};
static const char *const message_formats[] = {[FORMAT_JSON] = "json", [FORMAT_AVRO] = "avro", NULL};
static const char *const bootstrap_aliases[] = {"KAFKA_BOOTSTRAP", NULL};

static const SettingSpec specs[] = {
    {"kafka.bootstrap", SETTING_LIST, "localhost:9092", "brokers to connect to first, host:port[,host:port]", .least = 1,
     .aliases = bootstrap_aliases, .restart = UP_SERVE},
    {"kafka.topic", SETTING_TEXT, "telecom.events", "the topic with the events", .least = 1, .restart = UP_SERVE},
    {"kafka.topics", SETTING_LIST, "",
     "the topics with the events, when there are several, topic[,topic]; empty: kafka.topic where it is set, else those that the contracts name, "
     "else the default of kafka.topic",
     .restart = UP_SERVE},
    {"kafka.format", SETTING_CHOICE, "json", "how messages are written; avro with a schema registry's ids (docs/pipeline.md)",
     .choices = message_formats, .restart = UP},
    {"registry.url", SETTING_TEXT, "", "the schema registry, with Confluent's interface: http://host:8081; needed for kafka.format avro",
     .restart = UP},
    {"registry.user", SETTING_TEXT, "", "user of the registry, with basic authentication", .restart = UP},
    {"registry.password", SETTING_TEXT, "", "password of registry.user", .restart = UP, .secret = true},
    {"registry.token", SETTING_TEXT, "", "bearer token for the registry, instead of a user", .restart = UP, .secret = true},
    {"registry.ca", SETTING_PATH, "", "file of the certificates to trust of a registry with https; without it the system's", .restart = UP},
    {"data.dir", SETTING_PATH, "./data", "where the lake, the snapshots and the models are", .least = 1, .restart = UP_SERVE},
    {"pipeline.dir", SETTING_PATH, "", "contracts and features to use instead of the built-in ones", .restart = UP},
    {"http.listen", SETTING_TEXT, "127.0.0.1:8080", "address of the API and the dashboards; port 0 picks a free one", .least = 1,
     .restart = UP_SERVE},
    {"http.hosts", SETTING_LIST, "",
     "more names that the server answers for, name[,name], or * for any; without them it is localhost, 127.0.0.1, [::1] and the host of "
     "http.listen, and with http.listen on every address also any address",
     .restart = UP_SERVE},
    {"http.open", SETTING_BOOLEAN, "false",
     "without tokens (`smelt token`), let everybody who reaches the server read everything; otherwise it listens without tokens only on "
     "loopback addresses",
     .restart = UP_SERVE},
    {"http.tls.certificate", SETTING_PATH, "",
     "PEM file with the certificate of the server and those it was signed with; with http.tls.key the server speaks only TLS, and reads both "
     "files again when they change",
     .restart = UP_SERVE},
    {"http.tls.key", SETTING_PATH, "", "PEM file with the key of that certificate", .restart = UP_SERVE},
    {"http.trusted_proxies", SETTING_LIST, "",
     "addresses and networks of proxies, as 10.1.0.0/16[,...]: their X-Forwarded-Proto says whether a client came over TLS, and their "
     "connections are not limited as those of one client",
     .restart = UP_SERVE},
    {"http.token_rate", SETTING_INTEGER, "0", "requests that one token may send in a second, with its sessions; more are 429; 0: no limit",
     .least = 0, .most = 1000000, .restart = UP_SERVE},
    {"http.query", SETTING_BOOLEAN, "false",
     "answer read-only SQL of tokens with the scope query, on the newest snapshot (POST /api/v1/query): up to 10 s, 10,000 rows, two at a time",
     .restart = UP_SERVE},
    {"http.query_memory", SETTING_SIZE, "256MiB", "memory of all queries of http.query together", .least = 16777216, .restart = UP_SERVE},
    {"http.rows_memory", SETTING_SIZE, "128MiB",
     "memory for the rows of the newest snapshot, from which one row and pages are answered without a query; an entity that does not fit is "
     "queried; 0: all are",
     .restart = "serve"},
    {"http.access_log", SETTING_BOOLEAN, "false",
     "log each answer: token, method, route, status, bytes, time; nothing about a person or an address", .restart = UP_SERVE},
    {"http.audit_log", SETTING_PATH, "",
     "file that gets a JSON line for each answer about persons, payloads or whole tables and for each change: which token, what, when; with the "
     "ids that were asked for. SIGHUP opens it again; log: as lines of the log; empty: nowhere",
     .restart = UP_SERVE},
    {"ingest.commit_interval", SETTING_DURATION, "300ms", "a batch commits at least this often; what comes after such a pause, at once",
     .restart = UP},
    {"ingest.batch_rows", SETTING_INTEGER, "196608", "a batch commits at this many messages (1.6 of DuckDB's row groups)", .least = 1,
     .most = 10000000, .restart = UP},
    {"ingest.batch_bytes", SETTING_SIZE, "48MiB",
     "a batch commits at this many bytes of messages, or at a third of it when they are above 1 KB", .least = 1, .most = 1 << 30,
     .restart = UP},
    {"ingest.keep_keys", SETTING_BOOLEAN, "false",
     "keep the key and headers of every record (table bronze_keys), not of rejected messages alone", .restart = UP},
    {"ingest.timeout", SETTING_DURATION, "5m",
     "end with exit code 69 when Kafka was unreachable this long (with --follow: never); a partition that does not move this long is given up, or reported; 0: never"},
    {"ingest.leader_timeout", SETTING_DURATION, "30s",
     "without --follow: read the others, then end with exit code 69 when a partition had no leader this long; 0: ingest.timeout"},
    {"lake.memory_limit", SETTING_SIZE, "192MiB",
     "memory of DuckDB's buffer manager, raised for tables of more than 200 columns; 0: as DuckDB chooses. Not set, `up` uses twice as much",
     .restart = UP_SERVE},
    {"lake.threads", SETTING_INTEGER, "1", "threads of DuckDB; 0: one per core (docs/decisions/0003)", .most = 1024, .restart = UP_SERVE},
    {"refine.threads", SETTING_INTEGER, "0", "threads that refine 250,000 events or more; 0: one per core, at most 4", .most = 64,
     .restart = UP},
    {"snapshots.keep", SETTING_INTEGER, "3", "published generations to keep", .least = 1, .most = 1000000, .restart = UP},
    {"model.label", SETTING_TEXT, "declared",
     "label to train on: declared (the label of `model` in features.yaml; while its history is too short, the rule), rule, or a CSV file with the "
     "column of the id and left_at (departures) or churned",
     .least = 1, .restart = UP},
    {"model.margin", SETTING_INTEGER, "5",
     "thousandths of AUC by which a new model may rank the newest cut worse than the one in use and is still promoted", .most = 1000,
     .restart = UP},
    {"model.max_age", SETTING_DURATION, "24h", "`run` and `up` train again when the model is older", .restart = UP},
    {"model.rounds", SETTING_INTEGER, "100", "boosting rounds", .least = 1, .most = 10000, .restart = UP},
    {"model.seed", SETTING_INTEGER, "42", "seed of the split and of the training", .restart = UP},
    {"model.contact_cost", SETTING_INTEGER, "1", "cost of contacting one, for the profit in the report of a training", .most = 1000000000,
     .restart = UP},
    {"model.kept_value", SETTING_INTEGER, "20", "worth of one who stays because of the contact, in the same unit", .most = 1000000000,
     .restart = UP},
    {"model.success", SETTING_INTEGER, "30", "of 100 contacted who would leave, those who stay because of it; an assumption", .most = 100,
     .restart = UP},
    {"run.attempts", SETTING_INTEGER, "3", "attempts of a step that fails for a temporary reason", .least = 1, .most = 1000, .restart = UP},
    {"run.backoff", SETTING_DURATION, "2s", "wait before the second attempt; doubles with each", .restart = UP},
    {"up.rows_memory", SETTING_SIZE, "128MiB",
     "as http.rows_memory, for one row of the live lake by its id, as it was at most 250 ms ago: read when one is first asked for, and forgotten "
     "when none was for ten minutes",
     .restart = UP},
    {"up.refine_interval", SETTING_DURATION, "1s",
     "how often `smelt up` refines while no client has asked the API for data in the last ten seconds; while one has, it refines as soon as events "
     "land. 0s: always as soon as they land",
     .restart = UP},
    {"up.publish_interval", SETTING_DURATION, "1m", "how often `smelt up` publishes a snapshot", .restart = UP},
    {"up.checkpoint_log", SETTING_SIZE, "32MiB", "`smelt up` checkpoints the lake when DuckDB's log of it is longer", .restart = UP},
    {"disk.reserve", SETTING_SIZE, "200MB", "ingest writes only while data.dir has this much free space; `up` and --follow wait for it",
     .restart = UP_SERVE},
    {"backup.dir", SETTING_PATH, "", "where `up` and `run` keep a backup, if set; `recover` looks there too", .restart = UP_SERVE},
    {"backup.interval", SETTING_DURATION, "1h", "how often `up` and `run` add to the backup", .restart = UP_SERVE},
    {"status.fresh_within", SETTING_DURATION, "35m", "a layer is degraded when work has waited for it longer than this",
     .restart = UP_SERVE},
    {"status.interval", SETTING_DURATION, "5s", "how often a server checks Kafka, the disk, the runs and the other parts", .least = 100,
     .most = 86400000, .restart = UP_SERVE},
    {"log.level", SETTING_CHOICE, "info", "the lowest level of log lines that are written", .choices = log_levels, .restart = UP_SERVE},
    {"log.format", SETTING_CHOICE, "auto", "auto writes text on a terminal and JSON lines elsewhere", .choices = log_formats,
     .restart = UP_SERVE},
};

static const SettingFamily kafka_properties = {
    .prefix = "kafka.",
    .help = "any property of librdkafka, under its own name: TLS, SASL, timeouts",
    .is_secret = kafka_property_is_secret,
};

const SettingTable settings_table = {.specs = specs, .count = ARRAY_LEN(specs), .family = &kafka_properties};

/* ---- the page ---- */

static const char head[] =
    "# Settings\n"
    "\n"
    "`--set KEY=VALUE` overrides the environment, which overrides `smelt.yaml`, which overrides the default. `smelt config` prints each\n"
    "value and its source. In `smelt.yaml` keys may be nested (`kafka: {topic: x}`) or not (`kafka.topic: x`). In the environment\n"
    "`data.dir` is `SMELT_DATA_DIR`, and so on; an empty variable is ignored.\n"
    "\n"
    "Sizes are bytes or have a unit: B, KB, MB, GB (powers of 1000), KiB, MiB, GiB (powers of 1024). Durations have one of ms, s, m,\n"
    "h, d; a plain number is seconds. A relative path starts at the working directory. The values of a list are separated by commas;\n"
    "in `smelt.yaml` it may be a list of YAML, too.\n"
    "\n"
    "Every process reads its settings once, when it starts. The column *restart* lists which of `smelt up` and `smelt serve` must be\n"
    "restarted to see a change.\n"
    "\n"
    "This page is the output of `smelt config --markdown`; a test compares the two.\n"
    "\n"
    "| setting | type | default | allowed | restart | meaning |\n"
    "|---|---|---|---|---|---|\n";

static void write_row(const SettingSpec *spec, Buf *out) {
    CLEANUP(free_text) char *range = setting_range(spec);
    buf_addf(out, "| `%s` | %s | ", spec->key, setting_type_name(spec->type));
    if (spec->initial[0] != '\0') buf_addf(out, "`%s`", spec->initial);
    buf_addf(out, " | %s | %s | %s", range, spec->restart != NULL ? spec->restart : "no", spec->help);
    for (const char *const *alias = spec->aliases; alias != NULL && *alias != NULL; alias++) buf_addf(out, "; `%s` works too", *alias);
    buf_add_str(out, spec->secret ? "; secret: never printed |\n" : " |\n");
}

char *settings_table_document(void) {
    Buf out = {0};
    buf_add_str(&out, head);
    for (size_t i = 0; i < ARRAY_LEN(specs); i++) write_row(&specs[i], &out);
    buf_addf(&out, "| `%sNAME` | text | | | " UP_SERVE " | %s |\n\n", kafka_properties.prefix, kafka_properties.help);
    buf_add_str(&out, "Passwords and private keys of librdkafka, and properties whose names it does not know, are never printed.\n"
                      "`smelt produce` also reads `NUM_EVENTS` and `PRODUCER_MODE` (`smelt produce --help`).\n");
    return buf_take(&out);
}
