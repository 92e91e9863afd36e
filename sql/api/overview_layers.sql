SELECT layer, coalesce(row_count, (SELECT count(*) FROM serving_subscribers)) AS row_count, newest_event_at, updated_at
FROM serving_layers ORDER BY position
