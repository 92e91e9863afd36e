-- $1: the bytes of the id, since a text with a NUL cannot be bound.
SELECT * FROM serving_subscribers WHERE subscriber_id = decode($1::BLOB)
