-- As api/passed_ranked, of an entity that has no risk. As api/listed.
SELECT coalesce(bit_xor(hash({{key}}::VARCHAR) >> 1), 0)::BIGINT
FROM (SELECT *, coalesce({{sign}} * {{sort}}::DOUBLE, -1.7e308) AS "(rank)" FROM (SELECT *, NULL AS risk_band, 0 AS "(id)" FROM {{view}}))
