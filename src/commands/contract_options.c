/* contract_options.c: what the actions of `smelt contract` share. */
#include "base/files.h"
#include "commands/contract.h"
#include "contract/pipeline.h"
#include "judge/pattern.h"
#include <string.h>

const char *contract_dir(const App *app, const ContractOptions *o) {
    return o->pipeline != NULL ? o->pipeline : pipeline_dir(app->settings);
}

int contract_write(const App *app, const ContractOptions *o, const char *text, size_t len, Error *err) {
    if (o->out != NULL) return file_write_atomic(o->out, text, len, err);
    say(app, "%s", text);
    return 0;
}

int contract_check_pattern(const char *text, const char *value, Error *err) {
    CLEANUP(pattern_freep) Pattern *pattern = NULL;
    if (pattern_new(text, &pattern, err) != 0) return -1;
    if (value == NULL) return 0;
    CLEANUP(pattern_scratch_freep) PatternScratch *scratch = pattern_scratch_new();
    return pattern_match(pattern, scratch, (Span){value, strlen(value)}) == PATTERN_MATCHES ? 0 : 1;
}
