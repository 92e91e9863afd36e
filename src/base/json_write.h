/* json_write.h: values as JSON text, appended to a buffer. For decoders that make JSON of other encodings: fast, and exact in what they
 * print. One thread at a time per buffer. */
#pragma once
#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

/* The bytes that json_write_string appends for this text, quotes included. */
size_t json_string_size(const char *text, size_t len);
/* Escapes what JSON must escape; whether the text is UTF-8 is for its reader to find. */
void json_write_string(Buf *b, const char *text, size_t len);
void json_write_int(Buf *b, int64_t value);
void json_write_uint(Buf *b, uint64_t value);
/* The shortest digits that read back as the same value. It must be finite. */
void json_write_double(Buf *b, double value);
void json_write_float(Buf *b, float value);
/* Standard alphabet with padding (RFC 4648), as a text. */
void json_write_base64(Buf *b, const void *bytes, size_t len);
/* "2026-11-24" and "2026-11-24T10:15:00.123456Z", as base/clock.h reads them. False, and nothing is written: outside the years 0001 to
 * 9999. `nanos` (0 to 999) are what is left below a microsecond; -1: they are not written. */
bool json_write_date(Buf *b, int64_t days);
bool json_write_time(Buf *b, int64_t wall_us, int nanos);
/* "10:15:00.123456" of the microseconds since midnight, with `digits` (3 or 6) after the point. False: it is not within a day. */
bool json_write_clock(Buf *b, int64_t day_us, int digits);
