-- The same from a table of departures. {{at}}: T, {{from}} and {{until}}: T + gap and the end of the horizon, in days since 1970.
CREATE OR REPLACE TEMP TABLE churn_outcomes AS
SELECT {{key}}, CASE WHEN bool_or(left_us < {{from}} * 86400000000 AND (returned_us IS NULL OR returned_us > {{at}} * 86400000000)) THEN -1
                     WHEN bool_or(left_us >= {{from}} * 86400000000 AND left_us < {{until}} * 86400000000) THEN 1
                     ELSE 0 END AS outcome
FROM churn_left GROUP BY {{key}}
