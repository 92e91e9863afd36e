/* set_up.h: what the options of a server mean: its limits, who may come in, and the service behind it. Knows nothing of clients. */
#pragma once
#include "base/tls.h"
#include "web/service.h"
#include "web/web.h"

/* The connections asked for, or as many as the limit of open files leaves after those of the lake and the process. */
size_t options_connections(int asked);
size_t options_workers(const WebOptions *options);
/* Strangers reach every address but those of loopback. ERR_CONFIG: there they need tokens, and there are none. */
int options_check_open(const WebOptions *options, int listener, Error *err) MUST_CHECK;
/* `ret` stays as it is when it is HTTP alone. ERR_CONFIG: half of what TLS needs, or files that are wrong. */
int options_tls(const WebOptions *options, TlsServer **ret, Error *err) MUST_CHECK;

/* `options` are borrowed as web_start says. */
void service_set_up(Service *s, const WebOptions *options, int listener);
/* Newer snapshots, files that changed. To be called a few times a second. */
void service_follow(Service *s);
void service_clean_up(Service *s); /* nothing uses it any more */
