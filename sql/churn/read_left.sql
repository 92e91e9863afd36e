-- {{path}}: a CSV file with the column of the id, left_at, and {{returned}} for those who came back. An id that Gold does not have is taken in capitals.
CREATE OR REPLACE TEMP TABLE churn_left AS
SELECT coalesce(g.{{key}}::VARCHAR, upper(l.entity_id)) AS {{key}}, epoch_us(TRY_CAST(l.left_at AS TIMESTAMP)) AS left_us,
       epoch_us(TRY_CAST(nullif(l.returned_at, '') AS TIMESTAMP)) AS returned_us, l.entity_id, l.left_at, l.returned_at
FROM (SELECT trim({{key}}) AS entity_id, trim(left_at) AS left_at, trim({{returned}}) AS returned_at
      FROM read_csv({{path}}, header = true, all_varchar = true, delim = ',', quote = '"', null_padding = false)) AS l
     LEFT JOIN {{view}} AS g ON g.{{key}}::VARCHAR = l.entity_id
WHERE l.entity_id IS NOT NULL
