-- What was, so that readers can say since when. All of these are bounded: sql/serving says what is merged and forgotten.

-- The numbers of each generation, as they were published: each for some hours, then one of five minutes, of an hour, of a day.
CREATE TABLE history (
    made_at TIMESTAMPTZ NOT NULL, generation BIGINT NOT NULL,
    total BIGINT, scored BIGINT, high BIGINT, medium BIGINT, low BIGINT, at_risk BIGINT, "value" DOUBLE, value_at_risk DOUBLE, -- of the first entity
    landed BIGINT, duplicates BIGINT, rejected BIGINT, gaps BIGINT, conflicts BIGINT, silver BIGINT, quarantined BIGINT, pending BIGINT,
    arrival_p50_s DOUBLE, arrival_p95_s DOUBLE, -- from a record's time to Bronze, of what came since the generation before
    publish_p50_s DOUBLE, publish_p95_s DOUBLE, -- from a record's time to this generation
    model_id VARCHAR, contracts_sha256 VARCHAR, features_sha256 VARCHAR, smelt_version VARCHAR
);

-- What did not pass, by the hour in which it came (hours since 1970, UTC) and by its sender: events in quarantine (silver), and messages that
-- are not events (bronze), whose source is their topic. Sources and types are what strangers send: 20 of them have their names.
CREATE TABLE quality_hours (
    layer VARCHAR NOT NULL, hour BIGINT NOT NULL, rule VARCHAR NOT NULL, field VARCHAR NOT NULL, event_type VARCHAR NOT NULL, "source" VARCHAR NOT NULL,
    events BIGINT NOT NULL
);
-- One row: the last batches that were counted there, and how many rows there were when they were merged last.
CREATE TABLE quality_progress (silver_batch BIGINT NOT NULL, bronze_batch BIGINT NOT NULL, contracts_sha256 VARCHAR, merged_rows BIGINT NOT NULL);
INSERT INTO quality_progress (silver_batch, bronze_batch, contracts_sha256, merged_rows) VALUES (-1, -1, NULL, 0);

-- Scores that came into another band, or moved by 0.05 or more. What was before is NULL where there was no score.
CREATE TABLE score_changes (
    scored_at TIMESTAMPTZ NOT NULL, entity_id VARCHAR NOT NULL, probability_before DOUBLE, band_before VARCHAR, churn_probability DOUBLE NOT NULL, risk_band VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL
);

-- How many events are usual in an hour (since 1970, UTC), by the same hour of the weeks before; weeks: how many there were.
CREATE TABLE inflow_bands (hour BIGINT NOT NULL, low DOUBLE, median DOUBLE, high DOUBLE, weeks BIGINT NOT NULL);

-- What is typical: of each numeric column of Gold, over a sample of the entities, as of base_id.
CREATE TABLE feature_stats (
    entity VARCHAR NOT NULL, name VARCHAR NOT NULL, base_id VARCHAR NOT NULL, computed_at TIMESTAMPTZ NOT NULL, entities BIGINT NOT NULL,
    sampled BIGINT NOT NULL, known BIGINT NOT NULL, -- of those sampled
    mean DOUBLE, least DOUBLE, p05 DOUBLE, p25 DOUBLE, p50 DOUBLE, p75 DOUBLE, p95 DOUBLE, most DOUBLE
);

-- A model is used when it is promoted, the one that was promoted last; the others are candidates. note: why it was not promoted, or was withdrawn.
ALTER TABLE models ADD COLUMN promoted_at TIMESTAMPTZ;
ALTER TABLE models ADD COLUMN note VARCHAR;
UPDATE models SET promoted_at = trained_at;

-- What a reader needs to check the reasons: their contributions, reasons_bias and reasons_rest add up to log_odds. NULL: scored by an earlier version.
DROP VIEW subscriber_scores;
DROP VIEW entity_scores;
ALTER TABLE scores_base ADD COLUMN log_odds DOUBLE;
ALTER TABLE scores_base ADD COLUMN reasons_bias DOUBLE;
ALTER TABLE scores_base ADD COLUMN reasons_rest DOUBLE;
ALTER TABLE scores_fresh ADD COLUMN log_odds DOUBLE;
ALTER TABLE scores_fresh ADD COLUMN reasons_bias DOUBLE;
ALTER TABLE scores_fresh ADD COLUMN reasons_rest DOUBLE;
CREATE VIEW entity_scores AS SELECT * FROM scores_base ANTI JOIN scores_fresh USING (entity_id) UNION ALL SELECT * FROM scores_fresh;
CREATE VIEW subscriber_scores AS SELECT entity_id AS subscriber_id, * EXCLUDE (entity_id) FROM entity_scores;

-- as_of: the day, since 1970, at whose beginning the scores of a forecast hold; NULL: they are of Gold as it is.
ALTER TABLE scores_progress ADD COLUMN as_of INTEGER;

-- What a model of the future learns (src/compile/forecast.c); the next refine makes the view from the declarations.
CREATE VIEW model_declared AS SELECT NULL::VARCHAR AS name, NULL::VARCHAR AS "value" WHERE false;
-- One row: how far model_days has come, and the days that it has. days_sha256: of what it is made of; NULL: it has to be made anew.
CREATE TABLE model_progress (
    days_sha256 VARCHAR, batch_id BIGINT NOT NULL, events BIGINT NOT NULL, without_arrival BIGINT NOT NULL, loaded_late BIGINT NOT NULL,
    first_day INTEGER, end_day INTEGER, newest DATE, updated_on DATE
);
INSERT INTO model_progress (batch_id, events, without_arrival, loaded_late) VALUES (0, 0, 0, 0);

-- The predictions of a forecast, once a week: compared with what happened when that is known, and then removed.
CREATE TABLE model_predictions (
    model_id VARCHAR NOT NULL, as_of INTEGER NOT NULL, entity_id VARCHAR NOT NULL, probability FLOAT NOT NULL, called BOOLEAN NOT NULL
);
CREATE TABLE model_outcomes (
    model_id VARCHAR NOT NULL, as_of INTEGER NOT NULL, measured_at TIMESTAMPTZ NOT NULL, rows BIGINT NOT NULL, positives BIGINT NOT NULL,
    called BIGINT NOT NULL, called_positives BIGINT NOT NULL, decile BIGINT NOT NULL, decile_positives BIGINT NOT NULL, auc DOUBLE, mean_probability DOUBLE
);

-- How far the features and the scores of the population are from those of the training (evaluate/drift.h), each day that is scored. feature '': the scores.
CREATE TABLE model_drift (model_id VARCHAR NOT NULL, as_of INTEGER NOT NULL, feature VARCHAR NOT NULL, psi DOUBLE);

-- Who answers for which events, and what their contracts promise in time: refine makes this view from the declarations.
CREATE VIEW silver_contracts AS SELECT * FROM (VALUES
    (0, '', NULL::VARCHAR, '', '', NULL::VARCHAR, NULL::VARCHAR, NULL::BIGINT, NULL::BIGINT, NULL::BIGINT)
) AS contracts(position, event_type, topic, contract_id, version, owner, support, freshness_seconds, latency_seconds, retention_seconds)
WHERE false;

-- The times of the events in Silver, where a contract promises something of them. Events of files have the topic ''.
CREATE TABLE silver_event_times (
    event_type VARCHAR NOT NULL, kafka_topic VARCHAR NOT NULL, oldest_event_at TIMESTAMPTZ,
    newest_event_at TIMESTAMPTZ -- NULL: all are more than five minutes ahead of the clock
);

-- Whose the columns of silver_clean_events are. A property that no contract has any more keeps its column.
CREATE TABLE column_owners (
    column_name VARCHAR NOT NULL,
    event_type VARCHAR NOT NULL,
    topic VARCHAR NOT NULL, -- '': the contract holds for any
    property VARCHAR NOT NULL -- of the payload, as in the message
);
