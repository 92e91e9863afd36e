/* unreadable.c: see unreadable.h. By the first bytes, as sql/new_lake's encoding_hint does for messages that were rejected. */
#include "infer/unreadable.h"

#include "base/attr.h"
#include <stdbool.h>
#include <string.h>
#include <yyjson.h>

/* The first that fits. */
static const struct {
    const char *begin;
    size_t len;
    const char *words;
} kinds[] = {
    {"\x1F\x8B", 2, "compressed with gzip before they were sent: leave compression to the producer (compression.type)"},
    {"\x28\xB5\x2F\xFD", 4, "compressed with zstd before they were sent: leave compression to the producer (compression.type)"},
    {"\xFF\xFE", 2, "UTF-16 text: the sender must write UTF-8"},
    {"\xFE\xFF", 2, "UTF-16 text: the sender must write UTF-8"},
    {"\xEF\xBB\xBF", 3, "text with a byte order mark: the sender must leave it out"},
    {"\xAC\xED\0\5", 4, "objects serialized by Java: the sender must write JSON"},
    {"Obj\1", 4, "Avro files: the sender must write JSON"},
    {"\0", 1, "behind the prefix of a Schema Registry serializer, and not JSON (Avro, Protobuf): infer reads JSON alone"},
    {"\3\0", 2, "behind the prefix of AWS Glue's serializer: the sender must write JSON"},
    {"\"{", 2, "JSON inside a JSON text: the sender has serialized them twice"},
    {"{'", 2, "printed by a program, with ' around names: the sender must write JSON"},
    {"[", 1, "JSON lists: each message must be one event"},
    {"{", 1, "JSON that is cut off: each message must be one whole event"},
    {"<", 1, "XML or HTML: the sender must write JSON"},
    {"", 0, "neither JSON nor another form that is known"},
};
enum { NO_VALUE = ARRAY_LEN(kinds), SEVERAL, NO_NUMBERS, NEARLY_JSON, KINDS };
_Static_assert(KINDS <= UNREADABLE_KINDS, "each kind is counted");

/* NaN and Infinity, as Python's json writes them. */
static bool is_no_number(Span rest) {
    if (rest.len > 0 && rest.at[0] == '-') rest.at++, rest.len--;
    return (rest.len >= 3 && memcmp(rest.at, "NaN", 3) == 0) || (rest.len >= 8 && memcmp(rest.at, "Infinity", 8) == 0);
}

/* What is wrong with what begins as an object; `cut_off` where it has no end. */
static size_t kind_of_object(Span message, size_t cut_off) {
    yyjson_read_err problem;
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)message.at, message.len, YYJSON_READ_STOP_WHEN_DONE, NULL, &problem);
    yyjson_doc_free(doc);
    if (doc != NULL) return SEVERAL;
    if (problem.code == YYJSON_READ_ERROR_UNEXPECTED_END) return cut_off;
    size_t at = problem.pos < message.len ? problem.pos : message.len;
    return is_no_number((Span){message.at + at, message.len - at}) ? NO_NUMBERS : NEARLY_JSON;
}

static size_t kind_of(Span message) {
    if (message.at == NULL || message.len == 0) return NO_VALUE;
    size_t i = 0;
    while (message.len < kinds[i].len || memcmp(message.at, kinds[i].begin, kinds[i].len) != 0) i++;
    return kinds[i].begin[0] == '{' && kinds[i].len == 1 ? kind_of_object(message, i) : i;
}

static const char *words_of(size_t kind) {
    switch (kind) {
    case NO_VALUE: return "empty, or have no value (tombstones)";
    case SEVERAL: return "several objects in one message: each message must be one event";
    case NO_NUMBERS: return "JSON but for NaN or Infinity, which JSON does not have: the sender must write null";
    case NEARLY_JSON: return "nearly JSON, with a mistake behind the { at the beginning: the sender must write JSON";
    default: return kinds[kind].words;
    }
}

void unreadable_add(Unreadable *u, Span message) {
    u->counts[kind_of(message)]++;
}

const char *unreadable_most(const Unreadable *u, int64_t *ret_count) {
    size_t most = 0;
    for (size_t i = 1; i < KINDS; i++)
        if (u->counts[i] > u->counts[most]) most = i;
    *ret_count = u->counts[most];
    return *ret_count > 0 ? words_of(most) : NULL;
}
