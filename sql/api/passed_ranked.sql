-- Which rows the pages before had, in one number, whatever their order; api/where and api/passed follow. As api/ranked.
SELECT coalesce(bit_xor(hash({{key}}::VARCHAR) >> 1), 0)::BIGINT
FROM (SELECT *, coalesce({{sign}} * {{sort}}::DOUBLE, -1.7e308) AS "(rank)"
      FROM (SELECT *, coalesce(churn_probability, {{label}} - 2.0, -3.0)::DOUBLE AS "(risk)", churn_probability * {{value}}::DOUBLE AS "(value)", 0 AS "(id)"
            FROM api_ranked))
