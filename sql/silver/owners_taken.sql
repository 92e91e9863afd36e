-- A column of Silver that a property takes in the contracts which did not have it in Silver: from one that has another column now, or, where the name
-- was made, from one of the same event type that is no more. $1: the properties of the contracts; made: the column's name was made.
WITH declared AS (SELECT unnest(from_json($1, '[{"column_name":"VARCHAR","event_type":"VARCHAR","topic":"VARCHAR","property":"VARCHAR","made":"BOOLEAN"}]'), recursive := true))
SELECT owner.column_name, owner.event_type || '.' || owner.property AS was, taker.event_type || '.' || taker.property AS is_now, taker.made,
       owner.event_type = taker.event_type AS same_type
FROM column_owners owner
    LEFT JOIN declared owns ON (owns.event_type, owns.topic, owns.property) = (owner.event_type, owner.topic, owner.property)
    JOIN declared taker ON taker.column_name = owner.column_name
    ANTI JOIN column_owners known ON (known.event_type, known.topic, known.property, known.column_name)
        = (taker.event_type, taker.topic, taker.property, taker.column_name)
WHERE CASE WHEN owns.column_name IS NOT NULL THEN owns.column_name <> owner.column_name
           ELSE taker.made AND (taker.event_type, taker.topic) = (owner.event_type, owner.topic) END
ORDER BY ALL LIMIT 1
