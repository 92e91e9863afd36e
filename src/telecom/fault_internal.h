/* fault_internal.h: applies a fault. A kind changes the event before it is written, or the written text. The emitter itself makes those
 * that need earlier events (redelivery, reused id), and the tombstone's missing value. */
#pragma once
#include "telecom/fault.h"
#include "telecom/internal.h"

/* Draws a kind by weight. */
FaultKind fault_draw(Random *random);
/* Changes the event; does nothing for kinds that do not change it. */
void fault_change_event(FaultKind kind, Event *event, Random *random);
/* Changes the written text (it has space for EVENT_MAX_SIZE bytes); returns its new length. It never adds a line break. */
size_t fault_change_text(FaultKind kind, char *text, size_t len, Random *random);
