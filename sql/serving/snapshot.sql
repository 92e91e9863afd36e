-- A snapshot holds the serving views as tables, some of them under the names that users know.
-- The view of an entity of which nothing is learned has no scores.
CREATE OR REPLACE TEMP VIEW serving_entities AS SELECT * FROM {{view}} UNION ALL BY NAME
    SELECT NULL::DOUBLE AS churn_probability, NULL::VARCHAR AS risk_band, NULL::JSON AS reasons, NULL::VARCHAR AS model_id, NULL::TIMESTAMPTZ AS scored_at,
        NULL::DOUBLE AS log_odds, NULL::DOUBLE AS reasons_bias, NULL::DOUBLE AS reasons_rest WHERE false;
CREATE OR REPLACE TEMP VIEW serving_gold AS SELECT * FROM {{view}};
CREATE OR REPLACE TEMP VIEW serving_runs AS SELECT * FROM runs;
CREATE OR REPLACE TEMP VIEW serving_run_steps AS SELECT * FROM run_steps;
CREATE OR REPLACE TEMP VIEW serving_models AS -- an older one does not say which model is in use
SELECT * FROM models UNION ALL BY NAME SELECT NULL::TIMESTAMPTZ AS promoted_at, NULL::VARCHAR AS note WHERE false;
CREATE OR REPLACE TEMP VIEW serving_quality_hours AS SELECT * FROM quality_hours;
CREATE OR REPLACE TEMP VIEW serving_batches AS SELECT * FROM ledger_batches;
CREATE OR REPLACE TEMP VIEW serving_quality_history AS SELECT * FROM quality_history;
