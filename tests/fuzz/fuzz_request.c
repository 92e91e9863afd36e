/* fuzz_request.c: any text as the target of a request: parsed, decoded, and checked against a table of parameters. */
#include "base/document.h"
#include "base/memory.h"
#include "web/request.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ParamSpec specs[] = {{.name = "limit", .type = PARAM_INT, .least = 1, .most = 500, .otherwise = 50},
                                  {.name = "after", .type = PARAM_INT, .least = INT64_MIN, .most = INT64_MAX},
                                  {.name = "q", .type = PARAM_TEXT, .most = 64},
                                  {.name = "band", .type = PARAM_CHOICE, .choices = "high|medium|low"},
                                  {0}};

static void check_params(const Request *r) {
    CLEANUP(json_freep) json_t *none_allowed = request_check_params(r, NULL);
    CLEANUP(json_freep) json_t *why = request_check_params(r, specs);
    if ((none_allowed == NULL) != (r->param_count == 0)) abort();
    int64_t limit = request_int(r, specs, "limit");
    if (why == NULL && (limit < 1 || limit > 500)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    CLEANUP(free_text) char *target = xcalloc(size + 1, 1); /* a text up to the first NUL, as a header is */
    if (size > 0) memcpy(target, data, size);
    CLEANUP(request_freep) Request *r = request_new(target);
    const char *why = NULL;
    int status = request_parse(r, &why);
    if (r->path == NULL || (status != 0) != (why != NULL)) abort();
    if (status == 0) check_params(r);
    CLEANUP(free_text) char *decoded = request_decode((const char *)data, size, true);
    if (decoded != NULL && strlen(decoded) > size) abort();
    return 0;
}
