-- $1: a CSV file with a header that has subscriber_id and churned.
CREATE OR REPLACE TEMP TABLE churn_labels AS
SELECT upper(trim(subscriber_id)) AS subscriber_id, max(label) AS label, count(DISTINCT label) AS labels,
       any_value(coalesce(churned, '')) FILTER (WHERE label IS NULL) AS unreadable
FROM (SELECT subscriber_id, churned,
             CASE WHEN lower(trim(churned)) IN ('1', 'true', 'yes') THEN 1 WHEN lower(trim(churned)) IN ('0', 'false', 'no') THEN 0 END AS label
      FROM read_csv($1, header = true, all_varchar = true, delim = ',', quote = '"', null_padding = false))
WHERE subscriber_id IS NOT NULL
GROUP BY ALL
