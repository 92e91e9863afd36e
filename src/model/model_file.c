/* model_file.c: a model on disk: the document and its metadata, which carries a SHA-256 of the document and one of itself.
 *
 * A truncated or changed file is refused before XGBoost reads it.
 * Invariant: what model_load returns is what model_save was given, bit for bit. */
#include "model/model_internal.h"

#include "base/checksum.h"
#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include <string.h>
#include <unistd.h>

#define FORMAT     1
#define SELF_CHECK "metadata_sha256"

static char *file_path(const char *dir, const char *id, const char *suffix) {
    CLEANUP(free_text) char *name = xasprintf("%s%s", id, suffix);
    return path_join(dir, name);
}

/* The checksum of the metadata's compact text without the checksum itself. */
static void self_check(json_t *metadata, char ret[SHA256_TEXT_SIZE]) {
    CLEANUP(json_freep) json_t *rest = json_copy(metadata);
    json_object_del(rest, SELF_CHECK);
    CLEANUP(free_text) char *text = json_text(rest);
    sha256_hex(text, strlen(text), ret);
}

/* ---- writing ---- */

static json_t *feature_names(const Model *m) {
    json_t *names = json_array();
    for (size_t i = 0; i < m->feature_count; i++) json_array_append_new(names, json_string(m->features[i]));
    return names;
}

static json_t *make_metadata(const Model *m, const char *id, const json_t *facts) {
    char sum[SHA256_TEXT_SIZE];
    int major, minor, patch;
    m->xgb->XGBoostVersion(&major, &minor, &patch);
    CLEANUP(free_text) char *version = xasprintf("%d.%d.%d", major, minor, patch);
    CLEANUP(free_text) char *file = xasprintf("%s.json", id);
    sha256_hex(m->document.data, m->document.len, sum);
    json_t *metadata =
        json_pack("{s:i, s:s, s:s, s:s, s:I, s:s, s:s, s:o}", "format", FORMAT, "model_id", id, "file", file, "sha256", sum, "bytes",
                  (json_int_t)m->document.len, "smelt_version", SMELT_VERSION, "xgboost_version", version, "features", feature_names(m));
    BUG_IF(metadata == NULL);
    if (m->params != NULL) json_object_set(metadata, "params", m->params);
    json_object_update_missing(metadata, (json_t *)(uintptr_t)facts);
    self_check(metadata, sum);
    json_object_set_new(metadata, SELF_CHECK, json_string(sum));
    return metadata;
}

int model_save(const Model *m, const char *dir, const char *id, const json_t *facts, json_t **ret_metadata, Error *err) {
    CLEANUP(free_text) char *path = file_path(dir, id, ".json");
    CLEANUP(free_text) char *meta_path = file_path(dir, id, ".meta.json");
    CLEANUP(json_freep) json_t *metadata = make_metadata(m, id, facts);
    CLEANUP(free_text) char *text = json_text(metadata);
    if (dir_make(dir, err) != 0 || file_write_atomic(path, m->document.data, m->document.len, err) != 0) return -1;
    if (file_write_atomic(meta_path, text, strlen(text), err) != 0) return -1;
    *ret_metadata = TAKE(metadata);
    return 0;
}

int model_save_report(const char *dir, const char *id, const json_t *report, Error *err) {
    CLEANUP(free_text) char *path = file_path(dir, id, ".report.json");
    CLEANUP(free_text) char *text = json_text(report);
    return file_write_atomic(path, text, strlen(text), err);
}

/* ---- reading ---- */

static int refuse(const char *path, const char *why, Error *err) {
    return error_set(err, ERR_DATA, "the model file %s %s: run `smelt train` to make a new model", path, why);
}

static int read_whole(const char *path, Buf *ret, Error *err) {
    if (!file_exists(path)) return refuse(path, "is missing", err);
    return file_read(path, ret, err);
}

static int read_metadata(const char *path, json_t **ret, Error *err) {
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(json_freep) json_t *metadata = NULL;
    char sum[SHA256_TEXT_SIZE];
    Error ignored = {0};
    if (read_whole(path, &text, err) != 0) return -1;
    int rc = json_parse(text.data, text.len, path, &metadata, &ignored);
    error_clear(&ignored);
    if (rc != 0 || !json_is_object(metadata)) return refuse(path, "is damaged (not JSON)", err);
    if (json_integer_value(json_object_get(metadata, "format")) > FORMAT)
        return refuse(path, "was written by a newer version of Smelt", err);
    self_check(metadata, sum);
    const char *stored = json_string_value(json_object_get(metadata, SELF_CHECK));
    if (stored == NULL || strcmp(stored, sum) != 0) return refuse(path, "is damaged (its checksum does not match)", err);
    *ret = TAKE(metadata);
    return 0;
}

static int read_document(const char *path, const json_t *metadata, Buf *ret, Error *err) {
    CLEANUP(buf_done) Buf document = {0};
    char sum[SHA256_TEXT_SIZE];
    if (read_whole(path, &document, err) != 0) return -1;
    if ((json_int_t)document.len != json_integer_value(json_object_get(metadata, "bytes")))
        return refuse(path, "is truncated or too long", err);
    sha256_hex(document.data, document.len, sum);
    const char *stored = json_string_value(json_object_get(metadata, "sha256"));
    if (stored == NULL || strcmp(stored, sum) != 0) return refuse(path, "is damaged (its checksum does not match)", err);
    *ret = document;
    document = (Buf){0};
    return 0;
}

static int same_features(const Model *m, const json_t *metadata) {
    CLEANUP(json_freep) json_t *names = feature_names(m);
    return json_equal(names, json_object_get(metadata, "features"));
}

int model_check(const char *dir, const char *id, json_t **ret_metadata, Error *err) {
    CLEANUP(free_text) char *path = file_path(dir, id, ".json");
    CLEANUP(free_text) char *meta_path = file_path(dir, id, ".meta.json");
    CLEANUP(json_freep) json_t *metadata = NULL;
    CLEANUP(buf_done) Buf document = {0};
    if (read_metadata(meta_path, &metadata, err) != 0 || read_document(path, metadata, &document, err) != 0) return -1;
    *ret_metadata = TAKE(metadata);
    return 0;
}

int model_load(const char *dir, const char *id, Model **ret, json_t **ret_metadata, Error *err) {
    CLEANUP(free_text) char *path = file_path(dir, id, ".json");
    CLEANUP(free_text) char *meta_path = file_path(dir, id, ".meta.json");
    CLEANUP(json_freep) json_t *metadata = NULL;
    CLEANUP(buf_done) Buf document = {0};
    CLEANUP(model_freep) Model *m = NULL;
    if (read_metadata(meta_path, &metadata, err) != 0 || read_document(path, metadata, &document, err) != 0) return -1;
    if (model_from_document(document.data, document.len, &m, err) != 0) {
        if (err->kind == ERR_DATA) error_prefix(err, "the model file %s is not usable, run `smelt train` to make a new model", path);
        return -1;
    }
    if (!same_features(m, metadata)) return refuse(path, "does not have the features that its metadata lists", err);
    if (ret_metadata != NULL) *ret_metadata = TAKE(metadata);
    *ret = TAKE(m);
    return 0;
}

void model_remove(const char *dir, const char *id) {
    CLEANUP(free_text) char *path = file_path(dir, id, ".json");
    CLEANUP(free_text) char *meta_path = file_path(dir, id, ".meta.json");
    CLEANUP(free_text) char *report_path = file_path(dir, id, ".report.json");
    unlink(report_path);
    unlink(meta_path); /* before the document, so that metadata never refers to a missing file */
    unlink(path);
}
