-- gold_subscriber_features becomes a view over a base and what was computed since (src/compile/gold_features.c), and Gold's sums one table:
-- the next refine makes them.
DROP TABLE IF EXISTS gold_subscriber_features;
DROP TABLE IF EXISTS gold_state_total;
DROP TABLE IF EXISTS gold_state_window;

-- Scores go the same way: a few new ones shadow those of the base.
ALTER TABLE subscriber_scores RENAME TO scores_base;
CREATE TABLE scores_fresh (
    subscriber_id VARCHAR NOT NULL, churn_probability DOUBLE NOT NULL, risk_band VARCHAR NOT NULL, reasons JSON, model_id VARCHAR NOT NULL,
    scored_at TIMESTAMPTZ NOT NULL
);
CREATE VIEW subscriber_scores AS
SELECT * FROM scores_base ANTI JOIN scores_fresh USING (subscriber_id) UNION ALL SELECT * FROM scores_fresh;
-- One row: what the scores were made of. features_id: of gold_base then.
CREATE TABLE scores_progress (model_id VARCHAR, features_id UUID, batch_id BIGINT);
INSERT INTO scores_progress VALUES (NULL, NULL, NULL);
