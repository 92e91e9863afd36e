/* backup_manifest.c: the manifest of a backup, and whether its segments are those that it names. */
#include "recovery/backup_internal.h"

#include "base/checksum.h"
#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/sealed.h"
#include <inttypes.h>
#include <string.h>

#define KIND   "smelt-backup"
#define FORMAT 1

void backup_done(Backup *b) {
    backup_forget_from(b, 0);
    free(b->segments);
    free(b->dir);
    commit_mark_done(&b->mark);
    *b = (Backup){0};
}

char *backup_manifest_path(const char *dir) {
    return path_join(dir, "MANIFEST.json");
}

static json_t *segments_json(const Backup *b) {
    json_t *all = json_array();
    for (size_t i = 0; i < b->count; i++) {
        const BackupSegment *s = &b->segments[i];
        json_array_append_new(all, json_pack("{ss ss sI sI sI}", "file", s->file, "sha256", s->sha256, "after", (json_int_t)s->after,
                                             "upto", (json_int_t)s->upto, "bytes", (json_int_t)s->bytes));
    }
    return all;
}

int backup_save(const Backup *b, Error *err) {
    CLEANUP(free_text) char *path = backup_manifest_path(b->dir);
    CLEANUP(json_freep)
    json_t *document = json_pack("{ss si so sI so}", "smelt_version", SMELT_VERSION, "schema_version", b->schema_version, "mark",
                                 commit_mark_json(&b->mark), "committed_us", (json_int_t)b->committed_us, "segments", segments_json(b));
    return sealed_save(path, KIND, FORMAT, document, err);
}

static int read_segment(json_t *json, Backup *b) {
    json_int_t after, upto, bytes;
    const char *file, *sum;
    if (json_unpack(json, "{ss ss sI sI sI}", "file", &file, "sha256", &sum, "after", &after, "upto", &upto, "bytes", &bytes) != 0)
        return -1;
    b->segments = xgrow(b->segments, b->count, sizeof *b->segments);
    b->segments[b->count++] = (BackupSegment){.file = xstrdup(file), .sha256 = xstrdup(sum), .after = after, .upto = upto, .bytes = bytes};
    return 0;
}

static int read_document(json_t *document, Backup *ret) {
    json_t *mark, *segments, *segment;
    json_int_t committed_us = 0;
    size_t i;
    if (json_unpack(document, "{si so s?I so}", "schema_version", &ret->schema_version, "mark", &mark, "committed_us", &committed_us,
                    "segments", &segments) != 0)
        return -1;
    ret->committed_us = committed_us;
    if (!commit_mark_read(mark, &ret->mark)) return -1;
    json_array_foreach(segments, i, segment) {
        if (read_segment(segment, ret) != 0) return -1;
    }
    return ret->count > 0 ? 0 : -1;
}

int backup_read(const char *dir, BackupState *ret_state, Backup *ret, Error *err) {
    CLEANUP(free_text) char *path = backup_manifest_path(dir);
    CLEANUP(json_freep) json_t *document = NULL;
    CLEANUP(backup_done) Backup b = {.dir = xstrdup(dir)};
    SealedState state;
    *ret_state = BACKUP_NONE;
    if (sealed_load(path, KIND, FORMAT, &state, &document, err) != 0) return -1;
    *ret_state = state == SEALED_NONE ? BACKUP_NONE : BACKUP_DAMAGED;
    if (state != SEALED_GOOD || read_document(document, &b) != 0) return 0;
    *ret_state = BACKUP_GOOD;
    *ret = b;
    b = (Backup){0};
    return 0;
}

static int check_segment(const Backup *b, const BackupSegment *s, BackupCheck how, Error *err) {
    CLEANUP(free_text) char *path = path_join(b->dir, s->file);
    FileStamp stamp = file_stamp(path);
    char sum[SHA256_TEXT_SIZE];
    if (!file_exists(path)) return error_set(err, ERR_DATA, "the backup is not whole: %s is missing", path);
    if (stamp.bytes != s->bytes)
        return error_set(err, ERR_DATA, "the backup is damaged: %s has %" PRId64 " bytes, the manifest says %" PRId64, path, stamp.bytes,
                         s->bytes);
    if (how == BACKUP_SIZES) return 0;
    if (sha256_file(path, sum, NULL, err) != 0) return -1;
    if (strcmp(sum, s->sha256) == 0) return 0;
    return error_set(err, ERR_DATA, "the backup is damaged: %s has the checksum %.12s..., the manifest says %.12s...", path, sum,
                     s->sha256);
}

int backup_check(const Backup *b, BackupCheck how, size_t *ret_good, Error *err) {
    for (*ret_good = 0; *ret_good < b->count; ++*ret_good)
        if (check_segment(b, &b->segments[*ret_good], how, err) != 0) return -1;
    return 0;
}

void backup_forget_from(Backup *b, size_t first) {
    for (size_t i = first; i < b->count; i++) {
        free(b->segments[i].file);
        free(b->segments[i].sha256);
    }
    b->count = first < b->count ? first : b->count;
}
