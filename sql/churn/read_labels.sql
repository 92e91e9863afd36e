-- {{path}}: a CSV file with a header that has the column of the id, and churned. An id that Gold does not have is taken in capitals.
CREATE OR REPLACE TEMP TABLE churn_labels AS
SELECT coalesce(g.{{key}}::VARCHAR, upper(l.entity_id)) AS entity_id, max(label) AS label, count(DISTINCT label) AS labels,
       any_value(coalesce(churned, '')) FILTER (WHERE label IS NULL) AS unreadable
FROM (SELECT trim({{key}}) AS entity_id, churned,
             CASE WHEN lower(trim(churned)) IN ('1', 'true', 'yes') THEN 1 WHEN lower(trim(churned)) IN ('0', 'false', 'no') THEN 0 END AS label
      FROM read_csv({{path}}, header = true, all_varchar = true, delim = {{delimiter}}, quote = '"', null_padding = false)) AS l
     LEFT JOIN {{view}} AS g ON g.{{key}}::VARCHAR = l.entity_id
WHERE l.entity_id IS NOT NULL
GROUP BY ALL
