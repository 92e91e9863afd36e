-- {{path}}: a CSV file with the column of the id, left_at, and {{returned}} for those who came back. An id that Gold does not have is taken in capitals.
-- A time without an offset is UTC; TIMESTAMP would pass over the offset. The form is written twice: as a column it would be compiled for each row. Without left_at somebody is still here: left_us is NULL. `wrong`: what is wrong with the line, as a sentence.
CREATE OR REPLACE TEMP TABLE churn_left AS
SELECT coalesce(g.{{key}}::VARCHAR, upper(l.entity_id)) AS {{key}}, left_us, returned_us, l.entity_id,
       CASE WHEN left_us IS NULL AND (left_at IS NOT NULL OR returned_at IS NOT NULL)
                THEN format('{}: left_at is {}, expected a time such as 2026-06-01T00:00:00Z', l.entity_id, coalesce(left_at, 'empty'))
            WHEN returned_us IS NULL AND returned_at IS NOT NULL
                THEN format('{}: returned_at is {}, expected a time such as 2026-06-01T00:00:00Z, or nothing', l.entity_id, returned_at)
            WHEN returned_us < left_us
                THEN format('{}: returned_at {} is before left_at {}; a line is one departure, and returned_at the end of it', l.entity_id, returned_at, left_at)
       END AS wrong
FROM (SELECT entity_id, left_at, returned_at,
             epoch_us(TRY_CAST(regexp_extract(left_at, '^\d{4}-\d\d?-\d\d?([T ]\d\d?:\d\d(:\d\d(\.\d+)?(Z| UTC|[+-](0\d|1[0-4])(:?\d\d)?)?)?)?$') AS TIMESTAMPTZ)) AS left_us,
             epoch_us(TRY_CAST(regexp_extract(returned_at, '^\d{4}-\d\d?-\d\d?([T ]\d\d?:\d\d(:\d\d(\.\d+)?(Z| UTC|[+-](0\d|1[0-4])(:?\d\d)?)?)?)?$') AS TIMESTAMPTZ)) AS returned_us
      FROM (SELECT trim({{key}}) AS entity_id, nullif(trim(left_at), '') AS left_at, nullif(trim({{returned}}), '') AS returned_at
            FROM read_csv({{path}}, header = true, all_varchar = true, delim = {{delimiter}}, quote = '"', null_padding = false))) AS l
     LEFT JOIN {{view}} AS g ON g.{{key}}::VARCHAR = l.entity_id
WHERE l.entity_id IS NOT NULL
