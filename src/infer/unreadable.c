/* unreadable.c: see unreadable.h. By the first bytes, as sql/new_lake's encoding_hint does for messages that were rejected. */
#include "infer/unreadable.h"

#include "base/attr.h"
#include <stdbool.h>
#include <string.h>

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
    {"{", 1, "JSON that is cut off, or several objects in one message: each message must be one event"},
    {"<", 1, "XML or HTML: the sender must write JSON"},
    {"", 0, "neither JSON nor another form that is known"},
};
enum { NO_VALUE = ARRAY_LEN(kinds) };
_Static_assert(NO_VALUE < UNREADABLE_KINDS, "each kind is counted");

static size_t kind_of(Span message) {
    if (message.at == NULL || message.len == 0) return NO_VALUE;
    size_t i = 0;
    while (message.len < kinds[i].len || memcmp(message.at, kinds[i].begin, kinds[i].len) != 0) i++;
    return i;
}

void unreadable_add(Unreadable *u, Span message) {
    u->counts[kind_of(message)]++;
}

const char *unreadable_most(const Unreadable *u, int64_t *ret_count) {
    size_t most = 0;
    for (size_t i = 1; i <= NO_VALUE; i++)
        if (u->counts[i] > u->counts[most]) most = i;
    *ret_count = u->counts[most];
    if (*ret_count == 0) return NULL;
    return most == NO_VALUE ? "empty, or have no value (tombstones)" : kinds[most].words;
}
