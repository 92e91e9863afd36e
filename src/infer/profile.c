/* profile.c: see profile.h. Numbers are read by their digits (YYJSON_READ_NUMBER_AS_RAW). */
#include "infer/profile.h"

#include "base/clock.h"
#include "base/memory.h"
#include <errno.h>
#include <string.h>

/* ---- distinct values ---- */

/* FNV-1a, 64 bits (Fowler, Noll, Vo); never 0. */
static uint64_t hash_of(Span text) {
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < text.len; i++) h = (h ^ (unsigned char)text.at[i]) * UINT64_C(1099511628211);
    return h != 0 ? h : 1;
}

static bool put_hash(uint64_t *table, size_t size, uint64_t hash) {
    size_t at = hash & (size - 1);
    while (table[at] != 0 && table[at] != hash) at = (at + 1) & (size - 1);
    if (table[at] == hash) return false;
    table[at] = hash;
    return true;
}

static void grow_table(Profile *p) {
    size_t size = p->table_size == 0 ? 64 : 2 * p->table_size;
    uint64_t *larger = xcalloc(size, sizeof *larger);
    for (size_t i = 0; i < p->table_size; i++)
        if (p->hashes[i] != 0) put_hash(larger, size, p->hashes[i]);
    free(p->hashes);
    p->hashes = larger;
    p->table_size = size;
}

static void count_again(Profile *p, Span value) {
    for (size_t i = 0; i < p->few_count; i++)
        if (p->few[i].len == value.len && memcmp(p->few[i].at, value.at, value.len) == 0) p->few_seen[i]++;
}

static void note_value(Profile *p, Arena *texts, Span value) {
    if (2 * (p->distinct + 1) > p->table_size) grow_table(p);
    if (!put_hash(p->hashes, p->table_size, hash_of(value))) {
        count_again(p, value);
        return;
    }
    p->distinct++;
    if (p->few_count < PROFILE_FEW) {
        p->few_seen[p->few_count] = 1;
        p->few[p->few_count++] = arena_keep(texts, value);
    } else
        p->many = true;
}

/* ---- scalars ---- */

/* No event may be later (docs/pipeline.md). */
static int64_t latest_s(void) {
    enum { YEAR = 366 * 86400 };
    return clock_wall_us() / USEC_PER_SEC + YEAR;
}

static void note_time(Profile *p, Span text) {
    int64_t us;
    if (clock_read(text, &us) == CLOCK_READ && us / USEC_PER_SEC > latest_s()) p->ahead++;
}

/* The units are so far apart that one number is a time of this century in one of them at most. */
static void note_epoch(Profile *p, int64_t value) {
    enum { FIRST = 946684800 }; /* 2000-01-01 */
    int64_t unit = 1;
    for (size_t i = 0; i < PROFILE_EPOCHS; i++, unit *= 1000)
        if (value >= FIRST * unit && value / unit <= latest_s()) p->epochs[i]++;
}

/* Whether the digits are a number of 64 bits. */
static bool read_whole(Span digits, int64_t *ret) {
    char text[32];
    if (digits.len == 0 || digits.len >= sizeof text) return false;
    memcpy(text, digits.at, digits.len);
    text[digits.len] = '\0';
    errno = 0;
    *ret = strtoll(text, NULL, 10);
    return errno == 0;
}

static size_t count_digits(Span text) {
    size_t n = 0;
    while (n < text.len && text.at[n] >= '0' && text.at[n] <= '9') n++;
    return n;
}

/* Of a text of a number, with or without a fraction. */
static void note_digits(Profile *p, Span text) {
    int64_t value;
    size_t whole = count_digits(text), rest = text.len - whole;
    if (rest > 0 && (rest == 1 || text.at[whole] != '.' || count_digits((Span){text.at + whole + 1, rest - 1}) != rest - 1)) return;
    if (read_whole((Span){text.at, whole}, &value)) note_epoch(p, value);
}

enum { ID_LENGTH = 256 };

static void add_text(Profile *p, Arena *texts, Span text) {
    size_t length = 0;
    TextForm form = text_form(text);
    for (size_t i = 0; i < text.len; i++) length += ((unsigned char)text.at[i] & 0xC0) != 0x80;
    if (p->texts == 0 || length < p->least_length) p->least_length = length;
    if (length > p->most_length) p->most_length = length;
    p->texts++;
    if (length == 0 || length > ID_LENGTH || !is_plain_text(text)) p->no_ids++;
    p->forms[form]++;
    if (form == FORM_DATE || form == FORM_TIMESTAMP) note_time(p, text);
    note_digits(p, text);
    note_value(p, texts, text);
}

static size_t digits_at(int digits) {
    return digits < 0 ? 0 : digits > PROFILE_DIGITS ? PROFILE_DIGITS : (size_t)digits;
}

static void add_integer(Profile *p, Span digits) {
    int64_t value;
    p->integers++;
    p->wholes[digits_at((int)digits.len - (digits.at[0] == '-'))]++;
    p->scales[0]++;
    if (!read_whole(digits, &value)) {
        p->too_large++;
        return;
    }
    bool first = p->integers - p->too_large == 1;
    if (first || value < p->least) p->least = value;
    if (first || value > p->most) p->most = value;
    note_epoch(p, value);
}

static int read_exponent(const char *at, const char *end) {
    enum { FAR = 1000 };
    bool negative = at < end && *at == '-';
    int n = 0;
    for (at += at < end && (*at == '-' || *at == '+'); at < end && n < FAR; at++) n = 10 * n + (*at - '0');
    return negative ? -n : n;
}

/* An exponent moves the point. */
static void add_decimal(Profile *p, Span digits) {
    const char *end = digits.at + digits.len, *at = digits.at + (digits.at[0] == '-'), *point = NULL;
    int whole = 0, scale = 0, shift = 0;
    p->decimals++;
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.')
            point = at;
        else if (point != NULL)
            scale++;
        else
            whole++;
    }
    int64_t seconds;
    if (at == end && read_whole((Span){digits.at, (size_t)(point - digits.at)}, &seconds)) note_epoch(p, seconds);
    if (at < end) shift = read_exponent(at + 1, end);
    p->scales[digits_at(scale - shift)]++;
    p->wholes[digits_at(whole + shift)]++;
}

static void add_number(Profile *p, Arena *texts, Span digits) {
    bool whole = memchr(digits.at, '.', digits.len) == NULL && memchr(digits.at, 'e', digits.len) == NULL &&
                 memchr(digits.at, 'E', digits.len) == NULL;
    if (digits.at[0] == '-') p->negative = true;
    note_value(p, texts, digits);
    if (whole)
        add_integer(p, digits);
    else
        add_decimal(p, digits);
}

/* ---- objects and arrays ---- */

const Profile *profile_member(const Profile *p, const char *name) {
    for (size_t i = 0; i < p->member_count; i++)
        if (strcmp(p->members[i].name, name) == 0) return p->members[i].profile;
    return NULL;
}

static Span without_nul(Arena *texts, Span name) {
    char *other = arena_take(texts, name.len);
    for (size_t i = 0; i < name.len; i++) other[i] = name.at[i] != '\0' ? name.at[i] : '\1';
    return (Span){other, name.len};
}

static Profile *find_or_add(Profile *p, Arena *texts, Span name) {
    if (memchr(name.at, '\0', name.len) != NULL) name = without_nul(texts, name);
    for (size_t i = 0; i < p->member_count; i++)
        if (strlen(p->members[i].name) == name.len && memcmp(p->members[i].name, name.at, name.len) == 0) return p->members[i].profile;
    if (p->member_count == PROFILE_MEMBERS) {
        p->too_many = true;
        return NULL;
    }
    char *kept = arena_take(texts, name.len + 1);
    memcpy(kept, name.at, name.len);
    kept[name.len] = '\0';
    p->members = xgrow(p->members, p->member_count, sizeof *p->members);
    p->members[p->member_count] = (ProfileMember){kept, xcalloc(1, sizeof(Profile))};
    return p->members[p->member_count++].profile;
}

static void add_object(Profile *p, Arena *texts, yyjson_val *object, int level) {
    yyjson_obj_iter i;
    yyjson_obj_iter_init(object, &i);
    p->objects++;
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&i)) != NULL;) {
        Profile *member = find_or_add(p, texts, (Span){yyjson_get_str(key), yyjson_get_len(key)});
        if (member != NULL) profile_add(member, texts, yyjson_obj_iter_get_val(key), level + 1);
    }
}

static void add_array(Profile *p, Arena *texts, yyjson_val *array, int level) {
    yyjson_arr_iter i;
    yyjson_arr_iter_init(array, &i);
    p->arrays++;
    if (p->items == NULL) p->items = xcalloc(1, sizeof *p->items);
    for (yyjson_val *value; (value = yyjson_arr_iter_next(&i)) != NULL;) profile_add(p->items, texts, value, level + 1);
}

void profile_add(Profile *p, Arena *texts, yyjson_val *value, int level) {
    if (value == NULL) return;
    p->seen++;
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_STR: add_text(p, texts, (Span){yyjson_get_str(value), yyjson_get_len(value)}); break;
    case YYJSON_TYPE_RAW: add_number(p, texts, (Span){yyjson_get_raw(value), yyjson_get_len(value)}); break;
    case YYJSON_TYPE_BOOL: p->booleans++; break;
    case YYJSON_TYPE_OBJ:
        if (level < PROFILE_LEVELS)
            add_object(p, texts, value, level);
        else
            p->objects++;
        break;
    case YYJSON_TYPE_ARR:
        if (level < PROFILE_LEVELS) add_array(p, texts, value, level);
        break;
    default: p->nulls++; break;
    }
}

void profile_free(Profile *p) {
    for (size_t i = 0; i < p->member_count; i++) profile_free(p->members[i].profile);
    if (p->items != NULL) profile_free(p->items);
    free(p->members);
    free(p->hashes);
    free(p);
}
