/* envelope.h: the fields of an event around its payload. Internal to the judge. */
#pragma once
#include "judge/state.h"

/* Judges them, and what the envelope has beside them. */
void envelope_judge(Judge *j, const ContractProgram *c, JudgeVerdict *ret);
