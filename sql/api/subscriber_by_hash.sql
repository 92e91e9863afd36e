-- $1: the SHA-256 of an id that is too long for a cursor (src/web/cursor.h).
SELECT subscriber_id FROM serving_subscribers WHERE strlen(subscriber_id) > 128 AND sha256(subscriber_id) = $1
