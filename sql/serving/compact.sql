CREATE OR REPLACE TABLE serving_hour_counts AS
SELECT hour, event_type, sum(events)::BIGINT AS events FROM serving_hour_counts GROUP BY ALL ORDER BY hour
