/* formats.h: whether a text is what `format` of the standard says. Pure; any thread. */
#pragma once
#include "base/span.h"
#include "contract/declarations.h"
#include <stdbool.h>

/*   date, time, date-time   as base/clock.h reads them: what is a value of the types date, time and timestamp
 *   email      local@host; the local part has 1 to 64 of the letters, digits and .!#$%&'*+/=?^_`{|}~- (what browsers accept)
 *   hostname   1 to 253 of letters, digits and -, in labels of 1 to 63 that neither begin nor end with -
 *   ipv4       four numbers up to 255 without zeros in front
 *   ipv6       RFC 4291, without a zone
 *   uri        a scheme, a colon, and characters of RFC 3986; what they mean is not looked at
 *   uuid       36 characters, hexadecimal in groups of 8-4-4-4-12 */
bool text_has_format(TextFormat format, Span text);
