-- $1 what they are made of, $2 the last batch, $3 to $5 events.
UPDATE model_progress SET days_sha256 = $1, batch_id = $2, events = $3, without_arrival = $4, loaded_late = $5
