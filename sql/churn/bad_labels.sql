-- The first mistake in the labels, as a sentence; no row when there is none.
SELECT CASE WHEN unreadable IS NOT NULL THEN format('churned is ''{}'' for {}, expected 0 or 1', unreadable, entity_id)
            ELSE format('{} is there with 0 and with 1', entity_id) END
FROM churn_labels
WHERE unreadable IS NOT NULL OR labels > 1
ORDER BY entity_id
LIMIT 1
