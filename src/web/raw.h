/* raw.h: rows that no snapshot holds (snapshot/lake_rows.h), for the handlers. One lease, one thread. */
#pragma once
#include "web/rows.h"

/* The rows of sql/<name>.sql, which is about two entities. Takes the reference of `values`. ERR_UNAVAILABLE: there is no lake to ask. */
int raw_ask_of_two(Service *s, const Lease *lease, const char *name, const GoldEntity *e, const GoldEntity *other, json_t *values,
                   json_t **ret, Error *err) MUST_CHECK;
/* What a feature of one row was on each day (sql/rows/days.sql). Takes the reference of `id`. */
int raw_ask_days(Service *s, const Lease *lease, const GoldEntity *e, const char *feature, json_t *id, json_t **ret, Error *err) MUST_CHECK;
