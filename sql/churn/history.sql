-- The days of the history, and the day at whose beginning it ends. A day counts when it has a tenth of the events of a usual one, so that an event of the
-- far future moves nothing; it is complete when it has nine tenths. Usual: half of all events are of days with so many or more.
WITH counts AS (SELECT day, sum(events_n)::BIGINT AS n FROM model_days GROUP BY day),
ranked AS (SELECT n, sum(n) OVER (ORDER BY n, day) AS so_far, sum(n) OVER () AS total FROM counts),
usual AS (SELECT min(n) AS n FROM ranked WHERE 2 * so_far >= total)
SELECT min(day) AS first_day, max(day) + (arg_max(c.n, day) * 10 >= 9 * any_value(u.n))::INTEGER AS end_day
FROM counts AS c, usual AS u WHERE c.n * 10 >= u.n
