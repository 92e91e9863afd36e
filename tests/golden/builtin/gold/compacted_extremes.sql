CREATE OR REPLACE TEMP TABLE refine_compacted AS
SELECT * FROM (
    SELECT subscriber_id, day,
        CASE WHEN later_max_days_overdue_max IS NULL OR max_days_overdue_max > later_max_days_overdue_max THEN max_days_overdue_max END AS max_days_overdue_max
    FROM (SELECT subscriber_id, day, max_days_overdue_max,
        max(max_days_overdue_max) OVER later AS later_max_days_overdue_max
        FROM (SELECT subscriber_id, day,
    max(max_days_overdue_max) AS max_days_overdue_max FROM gold_state_extreme WHERE day >= DATE {{from}} AND rowid < {{end}} GROUP BY ALL)
        WINDOW later AS (PARTITION BY subscriber_id ORDER BY day ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)))
WHERE max_days_overdue_max IS NOT NULL;
