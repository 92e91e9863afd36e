/* pipeline.c: finds the files (embedded, or a directory), and hands each parsed document to its reader. */
#include "contract/pipeline.h"

#include "base/document.h"
#include "base/embedded.h"
#include "base/files.h"
#include "base/memory.h"
#include "contract/internal.h"
#include <dirent.h>
#include <errno.h>
#include <string.h>

#define EMBEDDED_DIR "pipeline"
static const char suffix[] = ".odcs.yaml";

void *grow(Strings *s, const void *items, size_t count, size_t size) {
    char *larger = strings_adopt(s, xcalloc(count + 1, size));
    if (count > 0) memcpy(larger, items, count * size);
    return larger;
}

typedef int (*Reader)(Pipeline *p, const Place *document, Error *err);

static int read_document(Pipeline *p, const char *text, size_t len, const char *name, Reader reader, Error *err) {
    CLEANUP(json_freep) json_t *document = NULL;
    if (yaml_parse(text, len, name, &document, err) != 0) return -1;
    Place root = place_root(name, document);
    if (!json_is_object(document)) return place_fail(&root, err, "expected an object");
    return reader(p, &root, err);
}

static bool is_contract(const char *name) {
    size_t n = strlen(name);
    return n > sizeof suffix - 1 && strcmp(name + n - (sizeof suffix - 1), suffix) == 0;
}

/* ---- embedded ---- */

static int read_embedded_file(Pipeline *p, const EmbeddedFile *file, Reader reader, Error *err) {
    return read_document(p, (const char *)file->data, file->len, file->path, reader, err);
}

static int read_embedded(Pipeline *p, Error *err) {
    static const char contracts[] = EMBEDDED_DIR "/contracts/";
    for (const EmbeddedFile *f = embedded_files; f->path != NULL; f++)
        if (strncmp(f->path, contracts, sizeof contracts - 1) == 0 && is_contract(f->path) &&
            read_embedded_file(p, f, contracts_read, err) != 0)
            return -1;
    const EmbeddedFile *features = embedded_find(EMBEDDED_DIR "/features.yaml");
    if (features == NULL) BUG("no features built in");
    return contracts_check(p, err) != 0 ? -1 : read_embedded_file(p, features, features_read, err);
}

/* ---- a directory ---- */

static int read_file(Pipeline *p, const char *path, Reader reader, Error *err) {
    CLEANUP(buf_done) Buf text = {0};
    if (file_read(path, &text, err) != 0) return -1;
    return read_document(p, text.data != NULL ? text.data : "", text.len, path, reader, err);
}

static int select_contract(const struct dirent *entry) {
    return is_contract(entry->d_name);
}

static int read_contract_files(Pipeline *p, const char *dir, Error *err) {
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, select_contract, alphasort), rc = 0;
    if (n < 0) return error_errno(err, ERR_CONFIG, errno, "cannot read the contracts in %s", dir);
    for (int i = 0; i < n; i++) {
        CLEANUP(free_text) char *path = path_join(dir, entries[i]->d_name);
        if (rc == 0) rc = read_file(p, path, contracts_read, err);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

static int read_dir(Pipeline *p, const char *dir, Error *err) {
    CLEANUP(free_text) char *contracts = path_join(dir, "contracts");
    CLEANUP(free_text) char *features = path_join(dir, "features.yaml");
    if (read_contract_files(p, contracts, err) != 0) return -1;
    if (contracts_check(p, err) != 0) return error_prefix(err, "%s", dir);
    return read_file(p, features, features_read, err);
}

/* ---- the whole ---- */

int pipeline_load(const char *dir, Pipeline **ret, Error *err) {
    CLEANUP(pipeline_freep) Pipeline *p = xcalloc(1, sizeof *p);
    p->strings = strings_new();
    if ((dir == NULL ? read_embedded(p, err) : read_dir(p, dir, err)) != 0) return -1;
    pipeline_fingerprint(p);
    *ret = TAKE(p);
    return 0;
}

void pipeline_free(Pipeline *p) {
    strings_free(p->strings);
    free(p);
}
