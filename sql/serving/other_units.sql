-- Numbers since 1970 whose unit is another one than their contract says, as far as one came after $1: a sentence for each event type and field.
SELECT 'The values of ' || left(field, 64) || ' look like ' || regexp_extract(kind, '^(epoch_[mu]?s)_read_as_', 1) || ' in '
           || CASE events WHEN 1 THEN '1 event' ELSE format('{:,} events', events) END || ' of ' || left(event_type, 64) || ', and the contract says '
           || regexp_extract(kind, '_read_as_(epoch_[mun]s)$', 1) || ': they became times of January 1970.' AS words
FROM silver_drift WHERE kind LIKE 'epoch%read%as%' AND last_seen > $1::TIMESTAMP
ORDER BY events DESC, event_type, field LIMIT 3
