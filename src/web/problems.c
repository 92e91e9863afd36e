/* problems.c: /problems/NAME: the page to which the type of a problem document leads (RFC 9457). */
#include "web/handlers.h"

#include "base/memory.h"
#include "web/statuses.h"
#include <string.h>

static const char page[] =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>%d %s</title>\n<link rel=\"stylesheet\" href=\"/ui/smelt.css\">\n<main><h1>%d %s</h1>\n<p>%s</p>\n"
    "<p><a href=\"/docs\">The API</a></p></main></html>\n";

int handle_problem(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s, (void)lease, (void)err;
    const Status *kind = status_of_name(req->entity, req->entity_len);
    if (kind == NULL) {
        response_problem(resp, 404, req, "There is no such kind of problem.");
    } else if (strcmp(req->type, "application/json") == 0) {
        response_json(resp, 200,
                      json_pack("{s:o, s:i, s:s, s:s}", "type", json_sprintf("/problems/%s", kind->name), "status", kind->code, "title",
                                kind->reason, "help", kind->help));
    } else {
        resp->status = 200;
        resp->content_type = "text/html; charset=utf-8";
        buf_addf(&resp->body, page, kind->code, kind->reason, kind->code, kind->reason, kind->help);
    }
    return 0;
}
