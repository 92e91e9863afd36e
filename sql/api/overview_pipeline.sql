SELECT as_of, landed AS bronze, silver, duplicates, rejected, gaps, quarantined, pending_events,
       landed + duplicates + rejected + gaps AS offsets,
       coalesce((SELECT sum(events)::BIGINT FROM serving_hours WHERE hour > (SELECT max(hour) - INTERVAL 24 HOUR FROM serving_hours)), 0) AS last_24h
FROM serving_pipeline
