-- Keeps the last row of each five minutes, of each hour when it is older than two days, of each day when it is older than sixty.
DELETE FROM history WHERE made_at < now() - INTERVAL 3 HOUR AND (made_at, generation) NOT IN (
    SELECT max((made_at, generation)) FROM history
    GROUP BY time_bucket(CASE WHEN made_at < now() - INTERVAL 60 DAY THEN INTERVAL 1 DAY WHEN made_at < now() - INTERVAL 2 DAY THEN INTERVAL 1 HOUR
                              ELSE INTERVAL 5 MINUTE END, made_at))
