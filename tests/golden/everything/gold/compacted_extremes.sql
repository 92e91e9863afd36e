CREATE OR REPLACE TEMP TABLE refine_compacted AS
SELECT * FROM (
    SELECT subscriber_id, day,
        CASE WHEN later_lowest_kwh_min IS NULL OR lowest_kwh_min < later_lowest_kwh_min THEN lowest_kwh_min END AS lowest_kwh_min,
        CASE WHEN later_highest_kwh_max IS NULL OR highest_kwh_max > later_highest_kwh_max THEN highest_kwh_max END AS highest_kwh_max,
        CASE WHEN later_first_install_min IS NULL OR first_install_min < later_first_install_min THEN first_install_min END AS first_install_min
    FROM (SELECT subscriber_id, day, lowest_kwh_min, highest_kwh_max, first_install_min,
        min(lowest_kwh_min) OVER later AS later_lowest_kwh_min,
        max(highest_kwh_max) OVER later AS later_highest_kwh_max,
        min(first_install_min) OVER later AS later_first_install_min
        FROM (SELECT subscriber_id, day,
    min(lowest_kwh_min) AS lowest_kwh_min,
    max(highest_kwh_max) AS highest_kwh_max,
    min(first_install_min) AS first_install_min FROM gold_state_extreme_rebuild WHERE day >= DATE {{from}} AND rowid < {{end}} GROUP BY ALL)
        WINDOW later AS (PARTITION BY subscriber_id ORDER BY day ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)))
WHERE lowest_kwh_min IS NOT NULL OR highest_kwh_max IS NOT NULL OR first_install_min IS NOT NULL;
