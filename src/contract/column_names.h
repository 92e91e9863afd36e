/* column_names.h: columns of Silver for properties whose contract names none, or none that Silver can have. One thread. */
#pragma once
#include "contract/declarations.h"

/* orderId -> order_id, "Net price (EUR)" -> net_price_eur, 2nd -> c_2nd, event_id (which Silver has) -> payload_event_id. The same text
 * always gives the same name. Owned by the pipeline. */
const char *column_name_of(Pipeline *p, const char *text);
/* Once all contracts are read and sorted: a property whose column has a made name gets another one when an earlier property of its contract
 * has it (order_id_2), or another contract has it as another type (<event type>_order_id). Names that contracts give come first, then
 * properties whose own name is a column's. Adds a note where the column is not what the contract says. */
void column_names_settle(Pipeline *p);
