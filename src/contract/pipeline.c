/* pipeline.c: finds the files (built in, or in a directory), and passes each parsed document to its reader. */
#include "contract/pipeline.h"

#include "base/document.h"
#include "base/embedded.h"
#include "base/files.h"
#include "base/memory.h"
#include "contract/contracts.h"
#include "contract/explain.h"
#include "contract/features.h"
#include "contract/node.h"
#include "contract/text.h"
#include <dirent.h>
#include <errno.h>
#include <string.h>

#define EMBEDDED_DIR "pipeline"
static const char suffix[] = ".odcs.yaml";

typedef int (*Reader)(Pipeline *p, const DocNode *document, Error *err);

static int read_document(Pipeline *p, const char *text, size_t len, const char *name, Reader reader, Error *err) {
    CLEANUP(document_freep) Document *document = NULL;
    if (document_parse(text, len, name, &document, err) != 0) return -1;
    DocNode root = node_root(document);
    return reader(p, &root, err);
}

static bool is_contract(const char *name) {
    size_t n = strlen(name);
    return n > sizeof suffix - 1 && strcmp(name + n - (sizeof suffix - 1), suffix) == 0;
}

/* ---- built in ---- */

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
    contracts_sort(p);
    return read_embedded_file(p, features, features_read, err);
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

static int read_contracts(Pipeline *p, const char *dir, Error *err) {
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, select_contract, alphasort), rc = 0;
    if (n < 0) return REFUSE_PATH(dir, err, "expected a folder with files *%s: %s", suffix, strerror(errno));
    for (int i = 0; i < n; i++) {
        CLEANUP(free_text) char *path = path_join(dir, entries[i]->d_name);
        if (rc == 0) rc = read_file(p, path, contracts_read, err);
        free(entries[i]);
    }
    free(entries);
    return n > 0 ? rc : REFUSE_PATH(dir, err, "there is no contract in this folder; expected files *%s", suffix);
}

static int read_dir(Pipeline *p, const char *dir, Error *err) {
    CLEANUP(free_text) char *contracts = path_join(dir, "contracts");
    CLEANUP(free_text) char *features = path_join(dir, "features.yaml");
    if (read_contracts(p, contracts, err) != 0) return -1;
    contracts_sort(p);
    return read_file(p, features, features_read, err);
}

/* ---- the whole ---- */

int pipeline_load_dir(const char *dir, Pipeline **ret, Error *err) {
    CLEANUP(pipeline_freep) Pipeline *p = xcalloc(1, sizeof *p);
    p->strings = strings_new();
    if ((dir == NULL ? read_embedded(p, err) : read_dir(p, dir, err)) != 0) return -1;
    pipeline_fingerprint(p);
    *ret = TAKE(p);
    return 0;
}

int pipeline_load(const Settings *settings, Pipeline **ret, Error *err) {
    const char *dir = settings_text(settings, "pipeline.dir");
    return pipeline_load_dir(dir[0] != '\0' ? dir : NULL, ret, err);
}

void pipeline_free(Pipeline *p) {
    strings_free(p->strings);
    free(p);
}
