/* scalars.c: the logical types of single values. */
#include "avro/internal.h"

#include "base/json_write.h"
#include <string.h>

#define LIMB        1000000000U
#define LIMB_DIGITS 9
#define LIMBS       (AVRO_DECIMAL_BYTES * 8 / 29 + 1) /* a limb holds more than 29 bits */

/* ---- decimals ---- */

/* Bytes in front that only repeat the sign. */
static size_t padding(const unsigned char *bytes, size_t len) {
    size_t n = 0;
    while (n + 1 < len && ((bytes[n] == 0 && bytes[n + 1] < 0x80) || (bytes[n] == 0xFF && bytes[n + 1] >= 0x80))) n++;
    return n;
}

/* The digits of a magnitude, the last first. */
static size_t write_digits(uint32_t limbs[LIMBS], size_t count, char *digits) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < LIMB_DIGITS; k++, limbs[i] /= 10) digits[n++] = (char)('0' + limbs[i] % 10);
    while (n > 1 && digits[n - 1] == '0') n--;
    return n;
}

/* limbs = limbs * 256 + byte; returns how many there are. */
static size_t take_byte(uint32_t limbs[LIMBS], size_t count, unsigned byte) {
    uint64_t carry = byte;
    for (size_t i = 0; i < count; i++) {
        carry += (uint64_t)limbs[i] << 8;
        limbs[i] = (uint32_t)(carry % LIMB);
        carry /= LIMB;
    }
    if (carry > 0) limbs[count++] = (uint32_t)carry;
    return count;
}

static size_t large_magnitude(const unsigned char *bytes, size_t len, bool negative, char *digits) {
    unsigned char magnitude[AVRO_DECIMAL_BYTES];
    uint32_t limbs[LIMBS] = {0};
    size_t count = 1;
    unsigned carry = negative; /* ends within the bytes, since the first of a negative number is not 0 */
    for (size_t i = len; i-- > 0; carry >>= 8) {
        carry += negative ? (unsigned char)~bytes[i] : bytes[i];
        magnitude[i] = (unsigned char)carry;
    }
    for (size_t i = 0; i < len; i++) count = take_byte(limbs, count, magnitude[i]);
    return write_digits(limbs, count, digits);
}

static size_t small_magnitude(const unsigned char *bytes, size_t len, bool negative, char *digits) {
    uint64_t v = negative ? UINT64_MAX : 0;
    for (size_t i = 0; i < len; i++) v = v << 8 | bytes[i];
    if (negative) v = -v;
    size_t n = 0;
    do digits[n++] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    return n;
}

bool avro_write_decimal(Buf *out, const unsigned char *bytes, size_t len, uint32_t scale) {
    size_t skip = padding(bytes, len);
    bytes += skip;
    len -= skip;
    if (len > AVRO_DECIMAL_BYTES) return false;
    bool negative = len > 0 && bytes[0] >= 0x80;
    char digits[LIMBS * LIMB_DIGITS];
    size_t n = len <= 8 ? small_magnitude(bytes, len, negative, digits) : large_magnitude(bytes, len, negative, digits);
    size_t whole = n > scale ? n - scale : 0;
    char *begin = buf_reserve(out, n + scale + 3), *to = begin;
    if (negative) *to++ = '-';
    if (whole == 0) *to++ = '0';
    for (size_t i = 0; i < whole; i++) *to++ = digits[n - 1 - i];
    if (scale > 0) *to++ = '.';
    for (uint32_t i = scale; i > 0; i--) *to++ = i > n ? '0' : digits[i - 1];
    out->len += (size_t)(to - begin);
    return true;
}

/* ---- others ---- */

void avro_write_uuid(Buf *out, const unsigned char *bytes) {
    static const char hex[] = "0123456789abcdef";
    char text[36], *to = text;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *to++ = '-';
        *to++ = hex[bytes[i] >> 4];
        *to++ = hex[bytes[i] & 15];
    }
    json_write_string(out, text, sizeof text);
}

static bool write_nanos(Buf *out, int64_t value) {
    int64_t us = value / 1000;
    int nanos = (int)(value % 1000);
    if (nanos < 0) nanos += 1000, us--;
    return json_write_time(out, us, nanos);
}

static bool write_moment(Buf *out, AvroKind kind, int64_t value) {
    int64_t us = value;
    bool millis = kind == AVRO_TIME_MILLIS || kind == AVRO_TIMESTAMP_MILLIS;
    if (millis && __builtin_mul_overflow(value, 1000, &us)) return false;
    switch (kind) {
    case AVRO_DATE: return json_write_date(out, value);
    case AVRO_TIME_MILLIS: return json_write_clock(out, us, 3);
    case AVRO_TIME_MICROS: return json_write_clock(out, us, 6);
    case AVRO_TIMESTAMP_NANOS: return write_nanos(out, value);
    default: return json_write_time(out, us, -1);
    }
}

void avro_write_moment(Buf *out, AvroKind kind, int64_t value) {
    if (!write_moment(out, kind, value)) json_write_int(out, value);
}
