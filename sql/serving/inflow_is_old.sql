-- Whether there are events of an hour that inflow_bands does not have yet.
SELECT coalesce(epoch_us(p.newest_event_at) // 3600000000 > b.hour, false)
FROM serving_progress AS p, (SELECT coalesce(max(hour), -1) AS hour FROM inflow_bands) AS b
