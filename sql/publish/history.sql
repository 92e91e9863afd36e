-- The history of the lake, and the numbers of this generation, counted in what was written of it: its base has the scores already.
SELECT * FROM history WHERE generation <> {{generation}}
UNION ALL BY NAME
SELECT p.as_of AS made_at, {{generation}}::BIGINT AS generation, f.*, p.landed, p.duplicates, p.rejected, p.gaps, c.conflicts, p.silver, p.quarantined,
       p.pending_events AS pending, a.arrival[1] AS arrival_p50_s, a.arrival[2] AS arrival_p95_s, a.publish[1] AS publish_p50_s,
       a.publish[2] AS publish_p95_s, m.model_id, r.contracts_sha256, r.features_sha256, {{version}} AS smelt_version
FROM (SELECT count(*) AS total, count(probability) AS scored, count(*) FILTER (risk_band = 'high') AS high,
             count(*) FILTER (risk_band = 'medium') AS medium, count(*) FILTER (risk_band = 'low') AS low, count(*) FILTER (at_risk) AS at_risk,
             sum("value") AS "value", sum("value") FILTER (at_risk) AS value_at_risk
      FROM (SELECT churn_probability AS probability, risk_band, {{value_or_null}}::DOUBLE AS "value", coalesce(risk_band = 'high', {{label_or_null}} = 1) AS at_risk
            FROM snapshot_out.{{base}} ANTI JOIN snapshot_out.{{delta}} USING ({{key}})
            UNION ALL
            SELECT churn_probability, risk_band, {{value_or_null}}::DOUBLE, coalesce(risk_band = 'high', {{label_or_null}} = 1) FROM snapshot_out.{{delta}})) AS f,
     snapshot_out.serving_pipeline AS p,
     (SELECT coalesce(sum(events), 0)::BIGINT AS conflicts FROM quality_hours WHERE layer = 'silver' AND rule = 'conflict') AS c,
     publish_arrivals AS a, refine_progress AS r, (SELECT max_by(model_id, promoted_at) AS model_id FROM models) AS m
