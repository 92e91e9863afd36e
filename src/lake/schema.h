/* schema.h: the tables of the lake that the engine itself owns, by numbered migrations (sql/migrations/NNNN_*.sql). */
#pragma once
#include "lake/lake.h"

/* Brings the lake to this binary's schema version, each migration in a transaction of its own. A lake of a newer version is refused:
 * ERR_CONFIG says which version it has and which one this binary knows. */
int lake_migrate(LakeConn *conn, Error *err) MUST_CHECK;
/* The same refusal alone, before anything else is read of the lake. */
int lake_check_version(LakeConn *conn, Error *err) MUST_CHECK;
int lake_schema_version(void); /* the newest that this binary knows */
