/* handlers.h: what the routes table points to. See service.h for the contract of a Handler. */
#pragma once
#include "web/service.h"

extern const ParamSpec subscribers_params[], runs_params[];

int handle_overview(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_subscribers(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_subscriber(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_runs(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_status(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_livez(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_readyz(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_metrics(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_asset(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
