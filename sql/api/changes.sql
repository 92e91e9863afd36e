-- Who came into the band $2 since $1, and who left it: the first state since then beside the last one. $3: entered, or left; $4 rows at most.
WITH moved AS (
    SELECT entity_id, min_by(probability_before, scored_at) AS before, min_by(coalesce(band_before, ''), scored_at) AS before_band, max(scored_at) AS at
    FROM score_changes WHERE scored_at > $1::TIMESTAMPTZ GROUP BY entity_id),
-- changes of less than 0.05 are not recorded: what is now is in the scores
crossed AS (
    SELECT s.{{key}}::VARCHAR AS {{key}}, m.before, nullif(m.before_band, '') AS before_band, s.churn_probability AS now, s.risk_band AS now_band, m.at
    FROM moved AS m JOIN serving_entities AS s ON s.{{key}}::VARCHAR = m.entity_id
    WHERE (coalesce(m.before_band, '') = $2) <> (s.risk_band = $2))
SELECT *, count(*) OVER () AS total FROM crossed WHERE (now_band = $2) = $3::BOOLEAN
ORDER BY abs(now - coalesce(before, 0)) DESC, {{key}} LIMIT $4
