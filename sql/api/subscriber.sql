SELECT * FROM serving_subscribers WHERE subscriber_id = $1
