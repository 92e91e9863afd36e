-- Of a snapshot that was written before there were histories: none.
CREATE OR REPLACE TEMP VIEW history AS
SELECT NULL::TIMESTAMPTZ AS made_at, NULL::BIGINT AS generation, NULL::BIGINT AS total, NULL::BIGINT AS scored, NULL::BIGINT AS high, NULL::BIGINT AS medium,
    NULL::BIGINT AS low, NULL::BIGINT AS at_risk, NULL::DOUBLE AS "value", NULL::DOUBLE AS value_at_risk, NULL::BIGINT AS landed, NULL::BIGINT AS duplicates,
    NULL::BIGINT AS rejected, NULL::BIGINT AS gaps, NULL::BIGINT AS conflicts, NULL::BIGINT AS silver, NULL::BIGINT AS quarantined, NULL::BIGINT AS pending,
    NULL::DOUBLE AS arrival_p50_s, NULL::DOUBLE AS arrival_p95_s, NULL::DOUBLE AS publish_p50_s, NULL::DOUBLE AS publish_p95_s, NULL::VARCHAR AS model_id,
    NULL::VARCHAR AS contracts_sha256, NULL::VARCHAR AS features_sha256, NULL::VARCHAR AS smelt_version
WHERE false;
CREATE OR REPLACE TEMP VIEW inflow_bands AS
SELECT NULL::BIGINT AS hour, NULL::DOUBLE AS low, NULL::DOUBLE AS median, NULL::DOUBLE AS high, NULL::BIGINT AS weeks WHERE false;
CREATE OR REPLACE TEMP VIEW quality_hours AS
SELECT NULL::VARCHAR AS layer, NULL::BIGINT AS hour, NULL::VARCHAR AS rule, NULL::VARCHAR AS field, NULL::VARCHAR AS event_type, NULL::VARCHAR AS "source",
    NULL::BIGINT AS events WHERE false;
CREATE OR REPLACE TEMP VIEW feature_stats AS
SELECT NULL::VARCHAR AS entity, NULL::VARCHAR AS name, NULL::VARCHAR AS base_id, NULL::TIMESTAMPTZ AS computed_at, NULL::BIGINT AS entities,
    NULL::BIGINT AS sampled, NULL::BIGINT AS known, NULL::DOUBLE AS mean, NULL::DOUBLE AS least, NULL::DOUBLE AS p05, NULL::DOUBLE AS p25, NULL::DOUBLE AS p50,
    NULL::DOUBLE AS p75, NULL::DOUBLE AS p95, NULL::DOUBLE AS most WHERE false;
CREATE OR REPLACE TEMP VIEW score_changes AS
SELECT NULL::TIMESTAMPTZ AS scored_at, NULL::VARCHAR AS entity_id, NULL::DOUBLE AS probability_before, NULL::VARCHAR AS band_before,
    NULL::DOUBLE AS churn_probability, NULL::VARCHAR AS risk_band, NULL::VARCHAR AS model_id WHERE false;
CREATE OR REPLACE TEMP VIEW ledger_batches AS
SELECT NULL::BIGINT AS batch_id, NULL::TIMESTAMPTZ AS committed_at, NULL::BIGINT AS landed, NULL::BIGINT AS duplicates, NULL::BIGINT AS rejected,
    NULL::BIGINT AS gaps WHERE false;
CREATE OR REPLACE TEMP VIEW quality_history AS
SELECT NULL::TIMESTAMPTZ AS measured_at, NULL::BIGINT AS after_batch, NULL::BIGINT AS upto_batch, NULL::VARCHAR AS event_type, NULL::VARCHAR AS rule,
    NULL::VARCHAR AS field, NULL::VARCHAR AS metric, NULL::BIGINT AS events, NULL::BIGINT AS failed, NULL::DOUBLE AS "value", NULL::VARCHAR AS must,
    NULL::BOOLEAN AS holds, NULL::VARCHAR AS severity WHERE false;
