-- $1: the bytes of the id (a text with a NUL cannot be bound). As it is written, or in capitals, as a contract may make ids.
SELECT * FROM serving_subscribers WHERE subscriber_id IN (decode($1::BLOB), upper(decode($1::BLOB)))
ORDER BY subscriber_id = decode($1::BLOB) DESC LIMIT 1
