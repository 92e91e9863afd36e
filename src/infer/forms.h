/* forms.h: what a text looks like, and whether it tells who somebody is. Pure; any thread. */
#pragma once
#include "base/buf.h"
#include "base/span.h"
#include <stdbool.h>

typedef enum TextForm {
    FORM_OTHER,
    FORM_DATE,      /* of base/clock.h */
    FORM_TIMESTAMP, /* the same */
    FORM_TIME,      /* the same */
    FORM_UUID,
    FORM_EMAIL,
    FORM_PHONE, /* 9 to 15 digits, maybe with + ( ) - and blanks */
    FORM_CARD,  /* 13 to 19 digits whose check digit is right (ISO/IEC 7812-1) */
    TEXT_FORMS
} TextForm;
TextForm text_form(Span text);

/* Whether a contract can have a property of this name: 1 to 100 bytes, without quotes, backslashes, control characters and "{{". */
bool is_property_name(Span name);
/* Whether it has only characters that every id may have: none that controls a terminal or the direction of text, none that Unicode's form
 * NFC would change. Others that may be in an id are not known here. */
bool is_plain_text(Span text);
/* Names of properties of persons: "email", "customerName", "msisdn", "card_number", "user_id". */
bool is_personal_name(const char *name);
/* The text with each letter as x and each digit as 9. */
void mask_text(Span text, Buf *out);
/* Of a name, "eventTime" or "event-time", the words in small letters between blanks: "event time". */
void name_words(const char *name, Buf *out);
/* Whether one of the words of `list`, "id, key", is among the words of a name. */
bool has_word(const char *name, const char *list);
/* Whether the last word is one of these. */
bool ends_with_word(const char *name, const char *list);
