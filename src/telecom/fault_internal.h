/* fault_internal.h: the faults, for the files of this module. A kind acts on the event before it is written, or on the written text, or is
 * the emitter's own business (what needs memory of earlier events, or is no value at all). */
#pragma once
#include "telecom/fault.h"
#include "telecom/internal.h"

/* A kind by weight. */
FaultKind fault_draw(Random *random);
/* Changes the event; nothing for the kinds that act elsewhere. */
void fault_spoil(FaultKind kind, Event *event, Random *random);
/* Changes the written text (it has space for EVENT_MAX_SIZE bytes); returns its new length. The text never gets a line break. */
size_t fault_garble(FaultKind kind, char *text, size_t len, Random *random);
