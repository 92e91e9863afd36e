-- $1 what the days are made of. `same`: the days there are of that.
SELECT coalesce(days_sha256 = $1, false) AS same, batch_id, events, without_arrival, loaded_late, first_day, end_day FROM model_progress
