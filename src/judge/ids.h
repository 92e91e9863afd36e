/* ids.h: which characters an id may have. Pure; any thread. */
#pragma once
#include "base/span.h"
#include <stdbool.h>
#include <stdint.h>

typedef enum IdFault {
    ID_GOOD,
    ID_CONTROL,   /* a control character, or a separator of lines or paragraphs (Unicode's Cc, Zl, Zp) */
    ID_DIRECTION, /* a character that changes the direction of text (Unicode's Bidi_Control) */
} IdFault;
/* The first that it may not have is *ret_character. The text is UTF-8. */
IdFault id_find_fault(Span id, uint32_t *ret_character);
/* Whether it has more characters than that. */
bool id_is_longer(Span id, int64_t characters);
