/* serving_sources.c: see serving_sources.h. */
#include "commands/serving_sources.h"

#include "base/clock.h"
#include "base/memory.h"
#include "contract/pipeline.h"
#include "contract/words.h"
#include "flow/reader.h"
#include "recovery/backup.h"
#include <pthread.h>

/* One at a time: of two that have the file open in one process, the one that closes it first gives up the lock of both. */
int serving_ask(void *app, const char *name, const json_t *args, json_t **ret, Error *err) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    const App *a = app;
    pthread_mutex_lock(&lock);
    int rc = reader_ask(a->settings, name, args, ret, err);
    pthread_mutex_unlock(&lock);
    if (rc != 0 && err->kind != ERR_STOPPED) err->kind = ERR_UNAVAILABLE; /* of this server, nothing else can be done about it here */
    return rc;
}

/* ---- contracts ---- */

static json_t *describe_rules(const Field *f) {
    json_t *rules = json_array();
    for (size_t i = 0; i < f->check_count; i++) {
        CLEANUP(buf_done) Buf words = {0};
        check_words(&f->checks[i], &words);
        json_array_append_new(rules, json_pack("{ss? ss}", "rule", f->checks[i].rule, "must", words.data != NULL ? words.data : ""));
    }
    return rules;
}

static json_t *describe_field(const Field *f) {
    return json_pack("{ss ss ss? ss? sb ss? ss? si so}", "name", f->name, "path", f->path != NULL ? f->path : f->name, "column", f->column,
                     "type", f->sql_type, "required", f->required, "unit", f->unit, "description", f->description, "line", f->line, "rules",
                     describe_rules(f));
}

static json_t *describe_contract(const Contract *c) {
    json_t *fields = json_array();
    for (size_t i = 0; i < c->field_count; i++) json_array_append_new(fields, describe_field(&c->fields[i]));
    return json_pack("{ss ss? ss? ss si ss? ss? ss? ss? so}", "event_type", c->event_type, "id", c->id, "version", c->version, "file",
                     c->file, "line", c->line, "owner", c->owner, "support", c->support, "topic", c->topic, "description", c->description,
                     "fields", fields);
}

json_t *serving_contracts(void *app) {
    const App *a = app;
    CLEANUP(pipeline_freep) Pipeline *p = NULL;
    CLEANUP(error_clear) Error ignored = {0};
    if (pipeline_load(a->settings, &p, &ignored) != 0) return NULL;
    json_t *all = json_array();
    for (size_t i = 0; i < p->contract_count; i++) json_array_append_new(all, describe_contract(&p->contracts[i]));
    return all;
}

/* ---- system ---- */

static json_t *describe_settings(const Settings *settings) {
    json_t *all = json_array();
    for (size_t i = 0; i < settings_count(settings); i++) {
        Setting s = settings_at(settings, i);
        json_array_append_new(
            all, json_pack("{ss ss ss ss}", "key", s.key, "value", s.secret ? "(hidden)" : s.value, "source", s.source, "help", s.help));
    }
    return all;
}

static json_t *describe_good(const Backup *b) {
    char made_at[CLOCK_TEXT_SIZE];
    json_int_t bytes = 0;
    for (size_t i = 0; i < b->count; i++) bytes += b->segments[i].bytes;
    return json_pack("{ss ss ss sI sI sI}", "state", "good", "dir", b->dir, "made_at", clock_format(b->mark.written_us, made_at), "commit",
                     (json_int_t)b->mark.commit, "segments", (json_int_t)b->count, "bytes", bytes);
}

/* JSON null: none is made here. */
static json_t *describe_backup(const Settings *settings) {
    static const char *const states[] = {[BACKUP_NONE] = "none", [BACKUP_GOOD] = "good", [BACKUP_DAMAGED] = "damaged"};
    const char *dir = settings_text(settings, "backup.dir");
    CLEANUP(backup_done) Backup backup = {0};
    CLEANUP(error_clear) Error err = {0};
    BackupState state = BACKUP_NONE;
    if (dir[0] == '\0') return json_null();
    if (backup_read(dir, &state, &backup, &err) != 0) return json_pack("{ss ss ss}", "state", "unreadable", "dir", dir, "error", err.text);
    return state == BACKUP_GOOD ? describe_good(&backup) : json_pack("{ss ss}", "state", states[state], "dir", dir);
}

json_t *serving_system(void *app) {
    const App *a = app;
    return json_pack("{ss ss so so}", "version", SMELT_VERSION, "engine", lake_engine_version(), "settings", describe_settings(a->settings),
                     "backup", describe_backup(a->settings));
}
