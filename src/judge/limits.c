/* limits.c: see limits.h. */
#include "judge/limits.h"

/* The limit that a value inside `level` containers breaks; JUDGE_LIMITS: none. The recursion ends at the limit on depth. */
static JudgeLimit broken_by(yyjson_val *value, int64_t level) {
    size_t i, count;
    yyjson_val *key, *inside;
    JudgeLimit found = JUDGE_LIMITS;
    if (!yyjson_is_ctn(value)) return found;
    if (level >= judge_limits[LIMIT_DEPTH].most) return LIMIT_DEPTH;
    if (yyjson_is_arr(value)) {
        yyjson_arr_foreach(value, i, count, inside) {
            if (yyjson_is_ctn(inside) && (found = broken_by(inside, level + 1)) != JUDGE_LIMITS) return found;
        }
        return JUDGE_LIMITS;
    }
    if ((int64_t)yyjson_get_len(value) > judge_limits[LIMIT_KEYS].most) return LIMIT_KEYS;
    yyjson_obj_foreach(value, i, count, key, inside) {
        if (yyjson_is_ctn(inside) && (found = broken_by(inside, level + 1)) != JUDGE_LIMITS) return found;
    }
    return JUDGE_LIMITS;
}

yyjson_val *limits_parse(Judge *j, Span text, size_t bytes, JudgeLimit *ret_broken) {
    *ret_broken = JUDGE_LIMITS;
    if (bytes > (size_t)judge_limits[LIMIT_BYTES].most) {
        *ret_broken = LIMIT_BYTES;
        return NULL;
    }
    yyjson_val *root = message_parse(&j->message, text, (size_t)judge_limits[LIMIT_VALUES].most);
    *ret_broken = j->message.too_many_values ? LIMIT_VALUES : broken_by(root, 0);
    return *ret_broken == JUDGE_LIMITS ? root : NULL;
}

void limits_report(Judge *j, JudgeLimit broken, const char *field, Span text) {
    violate(j, judge_limits[broken].rule, static_text(field), text, static_text(judge_limits[broken].reason));
}
