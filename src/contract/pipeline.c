/* pipeline.c: finds the files (built in, or in a directory), and passes each parsed document to its reader. */
#include "contract/pipeline.h"

#include "base/document.h"
#include "base/embedded.h"
#include "base/files.h"
#include "base/memory.h"
#include "contract/column_names.h"
#include "contract/contracts.h"
#include "contract/envelopes.h"
#include "contract/explain.h"
#include "contract/features.h"
#include "contract/node.h"
#include "contract/text.h"
#include "contract/topic.h"
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define EMBEDDED_DIR "pipeline"

/* What is being read. */
typedef struct Reading {
    Pipeline *pipeline;
    json_t *mistakes;       /* of all files */
    DocumentList contracts; /* of all files, parsed before the first is read: what one means may depend on the others. Owned */
} Reading;

static void reading_done(Reading *r) {
    document_list_done(&r->contracts);
}

/* Of a file that cannot be read at all. */
static int refuse_file(const Reading *r, const char *name, Error *own, Error *err) {
    r->pipeline->columns_missing = true;
    return mistakes_note(r->mistakes, name, own, err);
}

/* A file of contracts may have several documents. */
static int parse_contracts(Reading *r, const char *text, size_t len, const char *name, Error *err) {
    DocumentList parsed = {0}, *all = &r->contracts;
    Error own = {0};
    if (document_parse_all(text, len, name, &parsed, &own) != 0) return refuse_file(r, name, &own, err);
    all->items = xrealloc(all->items, all->count + parsed.count, sizeof(Document *));
    for (size_t i = 0; i < parsed.count; i++) all->items[all->count++] = parsed.items[i];
    free(parsed.items);
    return 0;
}

static int read_features(Reading *r, const char *text, size_t len, const char *name, Error *err) {
    CLEANUP(document_freep) Document *document = NULL;
    Error own = {0};
    if (document_parse(text, len, name, &document, &own) != 0) return refuse_file(r, name, &own, err);
    DocNode root = node_root(document, r->mistakes);
    return features_read(r->pipeline, &root, err);
}

static bool ends_with(const char *name, const char *suffix) {
    size_t n = strlen(name), m = strlen(suffix);
    return n > m && strcmp(name + n - m, suffix) == 0;
}

/* Every YAML file in the folder is one; hidden files are an editor's. */
static bool is_contract(const char *name) {
    return name[0] != '.' && (ends_with(name, ".yaml") || ends_with(name, ".yml"));
}

/* `rc`: of parsing them. */
static int read_contracts(const Reading *r, int rc, Error *err) {
    topics_scan(r->pipeline, &r->contracts);
    for (size_t i = 0; i < r->contracts.count; i++) {
        DocNode root = node_root(r->contracts.items[i], r->mistakes);
        rc |= contracts_read(r->pipeline, &root, err);
    }
    contracts_sort(r->pipeline);
    column_names_settle(r->pipeline);
    return rc;
}

/* With a mistake in one of them, what another one lacks may be what could not be read. */
static int finish_contracts(const Reading *r, int parsed, Error *err) {
    int rc = read_contracts(r, parsed, err);
    return rc == 0 ? envelopes_finish(r->pipeline, r->mistakes, err) : -1;
}

/* ---- built in ---- */

static const char *embedded_text(const EmbeddedFile *file) {
    return (const char *)file->data;
}

static int read_embedded(Reading *r, Error *err) {
    static const char contracts[] = EMBEDDED_DIR "/contracts/";
    int rc = 0;
    for (const EmbeddedFile *f = embedded_files; f->path != NULL; f++)
        if (strncmp(f->path, contracts, sizeof contracts - 1) == 0 && is_contract(f->path))
            rc |= parse_contracts(r, embedded_text(f), f->len, f->path, err);
    const EmbeddedFile *features = embedded_find(EMBEDDED_DIR "/features.yaml");
    if (features == NULL) BUG("no features built in");
    rc = finish_contracts(r, rc, err);
    return rc | read_features(r, embedded_text(features), features->len, features->path, err);
}

/* ---- a directory ---- */

typedef int (*TextReader)(Reading *r, const char *text, size_t len, const char *name, Error *err);

static int read_file(Reading *r, const char *path, TextReader reader, Error *err) {
    CLEANUP(buf_done) Buf text = {0};
    Error own = {0};
    if (file_read(path, &text, &own) != 0) return refuse_file(r, path, &own, err);
    return reader(r, text.data != NULL ? text.data : "", text.len, path, err);
}

static int select_visible(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* People write X.YAML, x.json and folders of contracts, and would look for their events. */
static bool looks_like_contract(const char *path) {
    static const char *const endings[] = {".yaml", ".yml", ".json"};
    const char *dot = strrchr(path, '.');
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) return true;
    for (size_t i = 0; dot != NULL && i < ARRAY_LEN(endings); i++)
        if (strcasecmp(dot, endings[i]) == 0) return true;
    return false;
}

static void note_unread(Pipeline *p, const char *path) {
    if (!looks_like_contract(path)) return;
    p->unread = strings_grow(p->strings, p->unread, p->unread_count, sizeof *p->unread);
    p->unread[p->unread_count++] = strings_keep(p->strings, path);
}

/* *ret_count: contracts among the entries. */
static int read_entry(Reading *r, const char *dir, const char *name, int *ret_count, Error *err) {
    CLEANUP(free_text) char *path = path_join(dir, name);
    if (is_contract(name)) {
        (*ret_count)++;
        return read_file(r, path, parse_contracts, err);
    }
    note_unread(r->pipeline, path);
    return 0;
}

static int parse_folder(Reading *r, const char *dir, Error *err) {
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, select_visible, alphasort), rc = 0, contracts = 0;
    Error own = {0};
    if (n < 0) {
        REFUSE_PATH(dir, &own, "expected a folder with files *.yaml or *.yml: %s", strerror(errno));
        return refuse_file(r, dir, &own, err);
    }
    for (int i = 0; i < n; i++) {
        rc |= read_entry(r, dir, entries[i]->d_name, &contracts, err);
        free(entries[i]);
    }
    free(entries);
    if (contracts > 0) return rc;
    bool unread = r->pipeline->unread_count > 0;
    REFUSE_PATH(dir, &own, "there is no contract in this folder; expected files *.yaml or *.yml%s%s", unread ? ", unlike " : "",
                unread ? r->pipeline->unread[0] : "");
    return refuse_file(r, dir, &own, err);
}

static int parse_features(Reading *r, const char *path, Error *err) {
    Error own = {0};
    if (file_exists(path)) return read_file(r, path, read_features, err);
    REFUSE_PATH(path, &own,
                "there is no such file; expected the features of Gold (`smelt init` and `smelt contract infer --pipeline` write it)");
    return refuse_file(r, path, &own, err);
}

static int read_dir(Reading *r, const char *dir, Error *err) {
    CLEANUP(free_text) char *contracts = path_join(dir, "contracts");
    CLEANUP(free_text) char *features = path_join(dir, "features.yaml");
    int rc = finish_contracts(r, parse_folder(r, contracts, err), err);
    return rc | parse_features(r, features, err);
}

/* A file, a folder of contracts, or a folder with one. */
static int read_contracts_alone(Reading *r, const char *path, Error *err) {
    CLEANUP(free_text) char *inside = path_join(path, "contracts");
    struct stat st;
    bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    int rc = folder ? parse_folder(r, file_exists(inside) ? inside : path, err) : read_file(r, path, parse_contracts, err);
    return read_contracts(r, rc, err);
}

/* ---- the whole ---- */

static int read_pipeline(Reading *r, const char *dir, Error *err) {
    return dir == NULL ? read_embedded(r, err) : read_dir(r, dir, err);
}

static int check(const char *path, int (*read)(Reading *r, const char *path, Error *err), PatternCheck check_pattern, Pipeline **ret,
                 json_t **ret_mistakes, Error *err) {
    CLEANUP(pipeline_freep) Pipeline *p = xcalloc(1, sizeof *p);
    CLEANUP(reading_done) Reading reading = {.pipeline = p, .mistakes = json_array()};
    p->strings = strings_new();
    p->check_pattern = check_pattern;
    *ret_mistakes = reading.mistakes;
    int rc = read(&reading, path, err);
    BUG_IF((rc == 0) != (json_array_size(reading.mistakes) == 0));
    if (rc != 0) return -1;
    pipeline_fingerprint(p);
    *ret = TAKE(p);
    return 0;
}

int pipeline_check_dir(const char *dir, PatternCheck check_pattern, Pipeline **ret, json_t **ret_mistakes, Error *err) {
    return check(dir, read_pipeline, check_pattern, ret, ret_mistakes, err);
}

int pipeline_check_contracts(const char *path, PatternCheck check_pattern, Pipeline **ret, json_t **ret_mistakes, Error *err) {
    return check(path, read_contracts_alone, check_pattern, ret, ret_mistakes, err);
}

int pipeline_load_dir(const char *dir, Pipeline **ret, Error *err) {
    CLEANUP(json_freep) json_t *mistakes = NULL;
    if (pipeline_check_dir(dir, NULL, ret, &mistakes, err) == 0) return 0;
    mistakes_count(mistakes, err);
    return -1;
}

const char *pipeline_dir(const Settings *settings) {
    const char *dir = settings_text(settings, "pipeline.dir");
    return dir[0] != '\0' ? dir : NULL;
}

int pipeline_load(const Settings *settings, Pipeline **ret, Error *err) {
    return pipeline_load_dir(pipeline_dir(settings), ret, err);
}

void pipeline_free(Pipeline *p) {
    strings_free(p->strings);
    free(p);
}
