-- The model is of another entity now, {{entity}}: what was learned and said of the ids of the one before does not hold for its ids.
DELETE FROM scores_base;
DELETE FROM scores_fresh;
DELETE FROM score_changes;
DELETE FROM model_predictions;
UPDATE scores_progress SET model_id = NULL, features_id = NULL, batch_id = NULL, as_of = NULL;
UPDATE models SET promoted_at = NULL, note = 'withdrawn: it is of another entity, the model is of ' || {{entity}} || ' now' WHERE promoted_at IS NOT NULL;
UPDATE history SET total = NULL, scored = NULL, high = NULL, medium = NULL, low = NULL, at_risk = NULL, "value" = NULL, value_at_risk = NULL, model_id = NULL;
