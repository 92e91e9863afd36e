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
