-- The events in quarantine, counted by the first rule that they broke.
SELECT rule, field, count(*) AS events, min("value") AS example, min(reason) AS reason, max(quarantined_at) AS newest_at,
    count(DISTINCT event_type) AS event_types
FROM silver_quarantine GROUP BY rule, field ORDER BY events DESC, rule, field
