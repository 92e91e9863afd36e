/* sql_remote.h: `smelt sql --url`: a query that a server answers (POST /api/v1/query). One thread. */
#pragma once
#include "base/error.h"
#include <jansson.h>

typedef struct RemoteQuery {
    const char *url;        /* of the server: "https://smelt.example" */
    const char *token_file; /* whose first line is the token; NULL: the server asks for none */
    const char *ca;         /* file of the certificates to trust instead of the system's; NULL: those */
    const char *sql;
} RemoteQuery;

/* {generation, rows, truncated}; the caller owns it. ERR_USAGE: the server says what is wrong with the query; ERR_CONFIG: it does not let
 * us in, or is not trusted; ERR_UNAVAILABLE; ERR_STOPPED. */
int remote_query(const RemoteQuery *query, json_t **ret, Error *err) MUST_CHECK;
