/* internal.h: one request of the registry. */
#pragma once
#include "base/buf.h"
#include "registry/registry.h"

typedef struct RegistryHttp RegistryHttp;

/* ERR_CONFIG. `options` are borrowed, and read again with each request. */
int registry_http_open(const RegistryOptions *options, RegistryHttp **ret, Error *err) MUST_CHECK;
void registry_http_free(RegistryHttp *h);
DEFINE_CLEANUP(registry_http_free, RegistryHttp)
/* GET. *ret_status is HTTP's, ret_body what came. ERR_DATA: the body is longer than REGISTRY_BODY_MAX; ERR_UNAVAILABLE: no answer;
 * ERR_CONFIG: the certificate is not trusted, or its file cannot be read; ERR_STOPPED. */
#define REGISTRY_BODY_MAX ((size_t)4 << 20)
int registry_http_get(RegistryHttp *h, const char *url, long *ret_status, Buf *ret_body, Error *err) MUST_CHECK;
/* A segment of a path. The caller frees. */
char *registry_http_escape(RegistryHttp *h, const char *segment) MUST_CHECK;
