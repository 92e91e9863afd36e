-- The days of the history, and the day at whose beginning it ends; with the events of Silver after the batch {{after}}, which model_days may not have yet.
-- A day counts when it has a tenth of the events of a usual one, so that an event of the far future moves nothing; usual: half of all events are of days
-- with so many or more. The newest day is complete when it has eight tenths of the poorest of the seven before it.
WITH counts AS (
    SELECT day, sum(n)::BIGINT AS n
    FROM (SELECT day, sum(events_n) AS n FROM model_days GROUP BY day
          UNION ALL
          SELECT (epoch_us(event_timestamp) // 86400000000)::INTEGER AS day, count(*) FROM silver_clean_events
          WHERE batch_id > {{after}} AND {{key}} IS NOT NULL GROUP BY ALL)
    GROUP BY day),
ranked AS (SELECT n, sum(n) OVER (ORDER BY n, day) AS so_far, sum(n) OVER () AS total FROM counts),
usual AS (SELECT min(n) AS n FROM ranked WHERE 2 * so_far >= total),
busy AS (SELECT day, c.n, row_number() OVER (ORDER BY day DESC) AS place FROM counts AS c, usual AS u WHERE c.n * 10 >= u.n)
SELECT min(day) AS first_day,
       max(day) + coalesce(10 * any_value(n) FILTER (place = 1) >= 8 * min(n) FILTER (place BETWEEN 2 AND 8), false)::INTEGER AS end_day
FROM busy HAVING count(*) > 0
