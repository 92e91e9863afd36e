/* contract_docs.c: `smelt contract docs`. */
#include "commands/contract.h"

#include "contract/docs.h"
#include "contract/pipeline.h"

int contract_docs(App *app, const ContractOptions *o, Error *err) {
    CLEANUP(pipeline_freep) Pipeline *p = NULL;
    CLEANUP(buf_done) Buf page = {0};
    if (pipeline_load_dir(contract_dir(app, o), &p, err) != 0) return -1;
    contracts_document(p, &page);
    app->summary = json_pack("{sI ss}", "event_types", (json_int_t)p->contract_count, "markdown", page.data);
    return contract_write(app, o, page.data, page.len, err);
}
