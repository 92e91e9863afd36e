-- What changed from one generation to the next, from $1 to $2.
WITH kinds AS (
    SELECT made_at, generation, unnest(['model', 'contracts', 'features', 'version']) AS kind,
           unnest([model_id, left(contracts_sha256, 12), left(features_sha256, 12), smelt_version]) AS text
    FROM history),
changes AS (SELECT *, lag(text) OVER (PARTITION BY kind ORDER BY made_at, generation) AS before FROM kinds)
SELECT made_at AS at, kind, text FROM changes
WHERE text <> before AND made_at >= $1 AND made_at < $2
ORDER BY made_at, kind LIMIT 200
