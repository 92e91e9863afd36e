-- As api/ranked_count, of an entity that has no risk.
SELECT count(*) FROM (SELECT *, NULL AS risk_band FROM {{view}})
