-- What is usual for each of the 48 hours up to the newest event: how many events the same hour of the week had in the weeks before, up to eight of
-- them: those since the first hundredth of the events, so that a few late ones do not count as weeks.
DELETE FROM inflow_bands;
INSERT INTO inflow_bands (hour, low, median, high, weeks)
WITH newest AS MATERIALIZED (SELECT epoch_us(newest_event_at) // 3600000000 AS hour FROM serving_progress),
counts AS MATERIALIZED (
    SELECT c.hour, sum(events)::BIGINT AS events FROM serving_hour_counts AS c, newest AS n
    WHERE c.hour > n.hour - 48 - 8 * 168 AND c.hour <= n.hour GROUP BY c.hour),
begun AS (
    SELECT min(hour) AS hour FROM (SELECT hour, sum(events) OVER (ORDER BY hour) AS so_far, sum(events) OVER () AS whole FROM counts) WHERE so_far * 100 >= whole),
hours AS MATERIALIZED (SELECT n.hour - h.back AS hour FROM newest AS n, range(48) AS h(back)),
past AS (
    SELECT h.hour, coalesce(c.events, 0) AS events
    FROM hours AS h CROSS JOIN range(1, 9) AS w(week) JOIN begun AS b ON h.hour - 168 * w.week >= b.hour
         LEFT JOIN counts AS c ON c.hour = h.hour - 168 * w.week),
bands AS (SELECT hour, quantile_cont(events, [0.1, 0.5, 0.9]) AS q, count(*) AS weeks FROM past GROUP BY hour)
SELECT h.hour, round(b.q[1], 1), round(b.q[2], 1), round(b.q[3], 1), coalesce(b.weeks, 0)
FROM hours AS h LEFT JOIN bands AS b ON b.hour = h.hour ORDER BY h.hour;
