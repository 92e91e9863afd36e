-- No text of Bronze is longer, in bytes. The statistics of a column are a text: should DuckDB word it differently one day, every payload counts
-- as very long and is measured. DuckDB has them for the columns of a table only, not for expressions.
SELECT coalesce(max(longest), 1048576)
FROM (SELECT greatest(coalesce(TRY_CAST(regexp_extract(stats(raw_payload), 'Max String Length: ([0-9]+)', 1) AS BIGINT), 1048576),
                      coalesce(TRY_CAST(regexp_extract(stats(extra_fields), 'Max String Length: ([0-9]+)', 1) AS BIGINT), 1048576)) AS longest
      FROM bronze_raw_events LIMIT 1)
