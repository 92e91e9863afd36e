-- As api/subscriber, for an id that a contract has put into capitals.
SELECT * FROM serving_subscribers WHERE subscriber_id = upper(decode($1::BLOB))
