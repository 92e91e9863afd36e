/* fuzz_contract.c: any text as a contract, or (when it begins with '%') as the features over the built-in contracts. What is accepted can
 * be explained; what is refused says where. */
#include "base/document.h"
#include "base/memory.h"
#include "contract/internal.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Pipeline *new_pipeline(void) {
    Pipeline *p = xcalloc(1, sizeof *p);
    p->strings = strings_new();
    return p;
}

static int read_contract(Pipeline *p, const Place *document, Error *err) {
    return contracts_read(p, document, err) != 0 || contracts_check(p, err) != 0 ? -1 : 0;
}

/* The built-in contracts, with other features. */
static int read_features(Pipeline **p, const Place *document, Error *err) {
    pipeline_freep(p);
    *p = NULL;
    if (pipeline_load(NULL, p, err) != 0) abort();
    (*p)->feature_count = (*p)->label_count = (*p)->window_count = 0;
    return features_read(*p, document, err);
}

static void explain(const Pipeline *p) {
    json_t *text = pipeline_explain(p);
    if (text == NULL) abort();
    json_decref(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bool features = size > 0 && data[0] == '%';
    CLEANUP(json_freep) json_t *document = NULL;
    CLEANUP(pipeline_freep) Pipeline *p = new_pipeline();
    Error err = {0};
    int rc = yaml_parse((const char *)data + features, size - features, "fuzzed.yaml", &document, &err);
    Place root = place_root("fuzzed.yaml", document);
    if (rc == 0 && !json_is_object(document)) rc = place_fail(&root, &err, "expected an object");
    if (rc == 0) rc = features ? read_features(&p, &root, &err) : read_contract(p, &root, &err);
    if (rc == 0) explain(p);
    if (rc != 0 && (err.kind != ERR_CONFIG || strstr(err.text, "fuzzed.yaml") == NULL)) {
        fprintf(stderr, "an error that does not say where: %s\n", err.text);
        abort();
    }
    error_clear(&err);
    return 0;
}
