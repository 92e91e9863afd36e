-- A snapshot holds the serving views as tables, some of them under the names that users know.
CREATE OR REPLACE TEMP VIEW serving_entities AS SELECT * FROM {{view}};
CREATE OR REPLACE TEMP VIEW serving_runs AS SELECT * FROM runs;
CREATE OR REPLACE TEMP VIEW serving_run_steps AS SELECT * FROM run_steps;
CREATE OR REPLACE TEMP VIEW serving_models AS SELECT * FROM models;
CREATE OR REPLACE TEMP VIEW serving_quality_hours AS SELECT * FROM quality_hours;
CREATE OR REPLACE TEMP VIEW serving_batches AS SELECT * FROM ledger_batches;
