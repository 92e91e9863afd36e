/* entity.h: what the handlers of entities share: which entity an address is of, and its queries. As handlers.h. */
#pragma once
#include "web/rows.h"

enum { ENTITY_ID_MAX = TARGET_MAX - 96 };   /* bytes, beside the rest of the address */
enum { ENTITY_PAGE_ID_BYTES = 256 * 1024 }; /* a page ends early when its ids have more */

/* By its plural, or else by its name. NULL: there is none. */
const GoldEntity *entity_find(const Request *req, const Lease *lease, bool plural);
/* 404. Returns 0, as a handler that has answered. */
int entity_answer_nothing_here(const Request *req, Response *resp);
/* The first row of sql/<name>.sql with the names of an entity, or JSON null. */
int entity_query(const Lease *lease, const GoldEntity *e, const char *name, const LakeValue *values, size_t n, json_t **ret,
                 Error *err) MUST_CHECK;
/* The row with this id, or with it in capitals as a contract may have put it; JSON null: there is none. */
int entity_query_row(const Lease *lease, const GoldEntity *e, LakeValue id, json_t **ret, Error *err) MUST_CHECK;
/* The id of this address as Gold has it. One that Gold does not have, as Silver and quarantine may, is as it was asked for. The caller owns
 * it. */
int entity_own_id(const Request *req, const Lease *lease, const GoldEntity *e, json_t **ret, Error *err) MUST_CHECK;
/* Answers when the parameters of this address, which entities_params has among others, are wrong. */
bool entity_refuse_params(const Request *req, const ParamSpec *specs, Response *resp);
/* What a page is of, besides the content: the parameters that choose and sort. */
uint64_t entity_filter_hash(const Request *req);
/* A page of the list of `e`, as JSON or CSV. */
int entity_answer_list(Service *s, const Request *req, const Lease *lease, const GoldEntity *e, Response *resp, Error *err) MUST_CHECK;
