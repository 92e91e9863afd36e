/* audit.c: `smelt audit`. */
#include "commands/all.h"
#include "commands/app.h"
#include "ledger/ledger.h"
#include <inttypes.h>

static const struct argp argp = {
    .doc = "Proves from the tables that each Kafka offset below the stored next offset is in exactly one place: "
           "landed, duplicate, rejected or gap. "
           "Exit code 1 when an offset is missing or repeated."
           "\vExamples:\n"
           "  smelt audit\n"
           "  smelt audit --json\n",
};

int command_audit(App *app, int argc, char **argv, Error *err) {
    CLEANUP(writer_done) Writer w = {0};
    CLEANUP(ledger_audit_done) LedgerAudit a = {0};
    if (command_parse(app, &argp, argc, argv, NULL, err) != 0 || writer_open_existing(app->settings, "smelt audit", &w, err) != 0)
        return -1;
    if (ledger_audit(w.conn, &a, err) != 0) return -1;
    say(app,
        "%s: %" PRId64 " offsets = %" PRId64 " landed + %" PRId64 " duplicates + %" PRId64 " rejected + %" PRId64 " gaps; "
        "%" PRId64 " missing, %" PRId64 " repeated\n",
        a.ok ? "ok" : "NOT OK", a.offsets, a.landed, a.duplicates, a.rejected, a.gaps, a.missing, a.repeated);
    app->summary = json_pack("{sb sI sI sI sI sI sI sI sO}", "ok", a.ok, "offsets", (json_int_t)a.offsets, "landed", (json_int_t)a.landed,
                             "duplicates", (json_int_t)a.duplicates, "rejected", (json_int_t)a.rejected, "gaps", (json_int_t)a.gaps,
                             "missing", (json_int_t)a.missing, "repeated", (json_int_t)a.repeated, "partitions", a.partitions);
    return a.ok ? 0 : 1;
}
