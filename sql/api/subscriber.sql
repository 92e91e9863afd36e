-- As it is written, or in capitals, as a contract may make ids.
SELECT * FROM serving_subscribers WHERE subscriber_id IN ($1, upper($1)) ORDER BY subscriber_id = $1 DESC LIMIT 1
