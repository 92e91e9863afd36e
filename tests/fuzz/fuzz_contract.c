/* fuzz_contract.c: any text as a contract, or (when it begins with '%') as the features over the built-in contracts. What is accepted can
 * be explained; what is refused says where. */
#include "base/memory.h"
#include "contract/contracts.h"
#include "contract/explain.h"
#include "contract/features.h"
#include "contract/pipeline.h"
#include "contract/text.h"
#include "contract/topic.h"
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Pipeline *new_pipeline(void) {
    Pipeline *p = xcalloc(1, sizeof *p);
    p->strings = strings_new();
    return p;
}

/* The built-in contracts, with other features. */
static int read_features(Pipeline **p, const DocNode *document, Error *err) {
    pipeline_freep(p);
    *p = NULL;
    if (pipeline_load_dir(NULL, p, err) != 0) abort();
    (*p)->entity_count = 0;
    (*p)->prediction = (Prediction){0};
    return features_read(*p, document, err);
}

static void explain(const Pipeline *p) {
    json_t *text = pipeline_explain(p);
    if (text == NULL) abort();
    json_decref(text);
}

/* "fuzzed.yaml:<line>: " */
static bool names_line(const char *text) {
    int line = 0, end = 0;
    return sscanf(text, "fuzzed.yaml:%9d: %n", &line, &end) == 1 && end > 0 && line > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bool features = size > 0 && data[0] == '%';
    CLEANUP(document_freep) Document *document = NULL;
    CLEANUP(pipeline_freep) Pipeline *p = new_pipeline();
    CLEANUP(json_freep) json_t *mistakes = json_array();
    Error err = {0};
    int rc = document_parse((const char *)data + features, size - features, "fuzzed.yaml", &document, &err);
    if (rc == 0) {
        DocNode root = node_root(document, mistakes);
        if (!features) topics_scan(p, &(DocumentList){&document, 1});
        rc = features ? read_features(&p, &root, &err) : contracts_read(p, &root, &err);
    }
    if (rc == 0) explain(p);
    if (rc != 0 && (err.kind != ERR_CONFIG || !names_line(err.text))) {
        fprintf(stderr, "an error that does not say where: %s\n", err.text);
        abort();
    }
    error_clear(&err);
    return 0;
}
