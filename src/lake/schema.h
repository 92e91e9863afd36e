/* schema.h: the tables that the engine itself owns, made by numbered migrations (sql/migrations/NNNN_*.sql). */
#pragma once
#include "lake/lake.h"

/* Brings the lake to this binary's schema version, each migration in a transaction of its own. A lake of a newer version is refused with
 * ERR_CONFIG, which names its version and this binary's. */
int lake_migrate(LakeConn *conn, Error *err) MUST_CHECK;
/* The lake's; 0: it has none yet. */
int lake_read_version(LakeConn *conn, int64_t *ret, Error *err) MUST_CHECK;
/* Only refuses a lake of a newer version; for before anything else is read from it. */
int lake_check_version(LakeConn *conn, Error *err) MUST_CHECK;
int lake_schema_version(void); /* of this binary: the newest that it knows */
