CREATE OR REPLACE TEMP TABLE refine_compacted AS
SELECT * FROM (
    SELECT oss_tower_id, day,
        CASE WHEN later_max_latency_ms_max IS NULL OR max_latency_ms_max > later_max_latency_ms_max THEN max_latency_ms_max END AS max_latency_ms_max
    FROM (SELECT oss_tower_id, day, max_latency_ms_max,
        max(max_latency_ms_max) OVER later AS later_max_latency_ms_max
        FROM (SELECT oss_tower_id, day,
    max(max_latency_ms_max) AS max_latency_ms_max FROM gold_tower_state_extreme WHERE day >= DATE {{from}} AND rowid < {{end}} GROUP BY ALL)
        WINDOW later AS (PARTITION BY oss_tower_id ORDER BY day ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)))
WHERE max_latency_ms_max IS NOT NULL;
