/* session.c: /api/v1/session: signing in with a browser, and out. A token comes as Authorization, so no content is needed; the cookie is
 * not the token (gate.h). And which tokens there are. */
#include "web/handlers.h"

#include "base/memory.h"
#include <string.h>

static void answer_who(Service *s, const Request *req, Response *resp) {
    CLEANUP(free_text) char *scopes = scopes_text(req->scopes);
    bool is_open = s->gate == NULL || gate_is_open(s->gate);
    response_json(resp, 200, json_pack("{s:b, s:s?, s:s}", "open", is_open, "token", req->who, "scopes", scopes));
}

/* __Host-: only over TLS, and from no other host (RFC 6265bis). */
static void set_cookie(const Request *req, const char *value, int seconds, Response *resp) {
    snprintf(resp->cookie, sizeof resp->cookie, "%ssmelt_session=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s",
             req->is_secure ? "__Host-" : "", value, seconds, req->is_secure ? "; Secure" : "");
}

int handle_session(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease, (void)err;
    char value[65];
    if (strcmp(req->method, "POST") == 0 && s->gate != NULL && !gate_is_open(s->gate)) {
        if (!gate_begin_session(s->gate, req, value)) {
            response_problem(resp, 400, req, "A session begins with a token, as Authorization: Bearer TOKEN.");
            return 0;
        }
        set_cookie(req, value, SESSION_SECONDS, resp);
    } else if (strcmp(req->method, "DELETE") == 0) {
        if (s->gate != NULL) gate_end_session(s->gate, req);
        set_cookie(req, "", 0, resp);
        resp->status = 204;
        return 0;
    }
    answer_who(s, req, resp);
    return 0;
}

int handle_tokens(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)req, (void)lease, (void)err;
    response_json(resp, 200, s->gate != NULL ? gate_tokens(s->gate) : json_pack("{s:b, s:[]}", "open", true, "items"));
    return 0;
}
