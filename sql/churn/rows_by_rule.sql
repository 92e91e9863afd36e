SELECT * REPLACE ({{key}}::VARCHAR AS {{key}}), {{label}} AS label_to_learn FROM {{view}} WHERE {{label}} IS NOT NULL ORDER BY {{key}}::VARCHAR
