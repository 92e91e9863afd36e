-- Gold's rows are the total of api/overview_entities: counting them here too would double the cost of a live answer.
SELECT unnest(['bronze', 'silver', 'gold', 'scores']) AS layer,
       unnest([landed, silver, NULL, scores]) AS row_count,
       unnest([newest_event_at, NULL, NULL, NULL]) AS newest_event_at,
       unnest([ingested_at, refined_at, refined_at, scored_at]) AS updated_at
FROM serving_pipeline
