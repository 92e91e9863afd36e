-- The first mistake in the departures, as a sentence; no row when there is none.
SELECT CASE WHEN left_us IS NULL
                THEN format('{}: left_at is {}, expected a time such as 2026-06-01T00:00:00Z', entity_id, coalesce(nullif(left_at, ''), 'empty'))
            WHEN returned_us IS NULL
                THEN format('{}: returned_at is {}, expected a time such as 2026-06-01T00:00:00Z, or nothing', entity_id, returned_at)
            ELSE format('{}: returned_at is {}, before left_at', entity_id, returned_at) END
FROM churn_left
WHERE left_us IS NULL OR (returned_at <> '' AND returned_us IS NULL) OR returned_us < left_us
ORDER BY entity_id
LIMIT 1
