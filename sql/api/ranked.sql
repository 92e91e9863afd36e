-- A page of an entity with a risk; api/where and api/page follow. Those without a score follow those with one, first the ones that Gold's rule
-- marks. {{sort}} is a column of the inner query, {{sign}} 1 for the highest first.
SELECT {{key}}::VARCHAR AS {{key}}, churn_probability, risk_band, reasons, scored_at, "(value)" AS value_at_risk,
       COLUMNS(c -> list_contains(string_split({{fields}}, ','), c) OR c = '(rank)')
FROM (SELECT *, coalesce({{sign}} * {{sort}}::DOUBLE, -1.7e308) AS "(rank)"
      FROM (SELECT *, coalesce(churn_probability, {{label}} - 2.0, -3.0)::DOUBLE AS "(risk)", churn_probability * {{value}}::DOUBLE AS "(value)", 0 AS "(id)"
            FROM api_ranked))
