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
