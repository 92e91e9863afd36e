/* serving.h: what `serve` and `up` have in common: the API with its status. */
#pragma once
#include "commands/app.h"
#include "health/health.h"
#include "web/audit_log.h"
#include "web/web.h"

/* Reads snapshots, and reports what `health` finds. Borrows all. */
WebOptions serving_options(App *app, Health *health, AuditLog *audit_log);
/* Can the file of the tokens be read? For HealthOptions. */
int serving_check_tokens(const Settings *settings, Error *err) MUST_CHECK;
/* Starts the server and the status checks, prints the address, and puts it into the summary. `command` is named in the log. On failure *ret
 * may be set; the caller stops it. */
int serving_start(App *app, const char *command, const WebOptions *options, Health *health, Web **ret, Error *err) MUST_CHECK;
