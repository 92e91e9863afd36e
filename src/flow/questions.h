/* questions.h: what can be asked of a lake without writing to it. The same whether this process has opened the file, or the writer answers
 * (flow/reader.h). Any thread, each with a connection of its own. */
#pragma once
#include "lake/lake.h"

/* The answer as JSON (the caller's):
 *   check             {}; ERR_DATA when the lake is behind its commit mark
 *   audit             {ok, offsets, landed, duplicates, rejected, gaps, missing, repeated, partitions}
 *   model/list        [{model_id, state, ...}], the newest first (churn_list_models)
 *   model/find        {...} of args {id}, which may be null: the one in use (churn_find_model)
 *   quarantine/list   [{rule, field, events, example, reason, ...}]
 *   quarantine/show   [{...}] of args {rule, field, limit}; rule and field may be null. `layer` tells events (silver) from messages
 * (bronze) ERR_UNAVAILABLE: there is no Silver yet; ERR_USAGE: no such question, so the other process is another smelt. */
int question_answer(LakeConn *conn, const char *mark_path, const char *name, const json_t *args, json_t **ret, Error *err) MUST_CHECK;
