DELETE FROM quality_state WHERE event_type = $1 AND rule = $2 AND field = $3 AND metric = $4
