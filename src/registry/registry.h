/* registry.h: schemas by their ids, from a registry with Confluent's HTTP interface (Confluent, Apicurio's ccompat, Karapace, Redpanda).
 * One thread at a time. */
#pragma once
#include "base/document.h"
#include "base/settings.h"
#include <stdint.h>

/* All borrowed; "" for what is not set. */
typedef struct RegistryOptions {
    const char *url;             /* http://host:8081, or https://; paths below it are added */
    const char *user, *password; /* basic authentication */
    const char *token;           /* bearer token, instead of these */
    const char *ca;              /* file of the certificates to trust, instead of the system's */
} RegistryOptions;
RegistryOptions registry_options(const Settings *settings);

typedef struct Registry Registry;

/* Asks nothing yet. ERR_CONFIG: the options cannot be. The caller frees. */
int registry_open(const RegistryOptions *options, Registry **ret, Error *err) MUST_CHECK;
void registry_free(Registry *r);
DEFINE_CLEANUP(registry_free, Registry)
/* The URL without a slash at its end, as what was fetched is known by. Borrowed. */
const char *registry_url(const Registry *r);

/* Does it answer, and does it know us? ERR_CONFIG: it refuses our user or token, or its certificate is not trusted; ERR_UNAVAILABLE,
 * ERR_STOPPED. */
int registry_check(Registry *r, Error *err) MUST_CHECK;

typedef struct RegistrySchema {
    char *type;         /* "AVRO", "JSON", "PROTOBUF"; owned */
    char *text;         /* as it was registered; owned */
    json_t *references; /* the texts of the schemas that it refers to, each before those that need it; owned */
} RegistrySchema;
void registry_schema_done(RegistrySchema *schema);

/* 1: the registry has it; 0: it says that there is none of this id (error 40403). -1: ERR_DATA when it cannot be used whatever happens (too
 * long, refers to what is not there); ERR_UNAVAILABLE for everything that may be better another time, which includes 401 and 403;
 * ERR_STOPPED. */
int registry_fetch(Registry *r, int64_t id, RegistrySchema *ret, Error *err) MUST_CHECK;
