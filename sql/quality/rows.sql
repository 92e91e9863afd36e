-- How many events of the type $1 Silver has. $2: the rule; $3: the new events. What was measured before and the new ones; they are counted in Silver
-- only the first time.
SELECT coalesce((SELECT max(failed) + $3 FROM quality_state WHERE event_type = $1 AND rule = $2 AND metric = 'rowCount'),
                (SELECT count(*) FROM silver_clean_events WHERE event_type = $1))
