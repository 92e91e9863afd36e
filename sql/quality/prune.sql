-- Of each rule the newest measurements, such that all rules together have $1 at most.
DELETE FROM quality_history WHERE rowid IN (
    SELECT rowid FROM (
        SELECT rowid, row_number() OVER (PARTITION BY event_type, rule, field, metric ORDER BY upto_batch DESC, measured_at DESC) AS nth
        FROM quality_history)
    WHERE nth > greatest(1, $1 // (SELECT count(*) FROM (SELECT DISTINCT event_type, rule, field, metric FROM quality_history))))
