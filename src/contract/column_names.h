/* column_names.h: columns of Silver for properties whose contract names none, or none that Silver can have. One thread. */
#pragma once
#include "contract/declarations.h"

/* orderId -> order_id, "Net price (EUR)" -> net_price_eur, 2nd -> c_2nd, event_id (which Silver has) -> payload_event_id. The same text
 * always gives the same name. Owned by the pipeline. */
const char *column_name_of(Pipeline *p, const char *text);
/* Gives the field's column another name when an earlier property of `c` has it (order_id_2), or another contract has it as another type
 * (<event type>_order_id). */
void column_name_settle(Pipeline *p, const Contract *c, Field *field);
