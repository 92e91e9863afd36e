-- What of a snapshot depends on no score, read before there are any, while the caller scores. Only for a run in which nobody else writes: these
-- tables are of the state of Silver that the snapshot's transaction sees too.
CREATE OR REPLACE TEMP TABLE early_hours AS FROM serving_hours;
CREATE OR REPLACE TEMP VIEW serving_hours AS FROM early_hours;
CREATE OR REPLACE TEMP TABLE early_quarantine AS FROM serving_quarantine;
CREATE OR REPLACE TEMP VIEW serving_quarantine AS FROM early_quarantine;
CREATE OR REPLACE TEMP TABLE early_contracts AS FROM serving_contracts;
CREATE OR REPLACE TEMP VIEW serving_contracts AS FROM early_contracts;
