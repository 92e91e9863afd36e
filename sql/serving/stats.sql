-- Over at most about 10,000 entities, chosen by their ids. One column is read at a time: {{columns}} is a list of them, as text.
DELETE FROM feature_stats WHERE entity = {{entity}};
INSERT INTO feature_stats (entity, name, base_id, computed_at, entities, sampled, known, mean, least, p05, p25, p50, p75, p95, most)
WITH size AS MATERIALIZED (SELECT count(*) AS entities FROM {{view}}),
chosen AS MATERIALIZED (
    SELECT COLUMNS(c -> list_contains(string_split({{columns}}, ','), c))::DOUBLE
    FROM {{view}} WHERE hash({{key}}) % (SELECT entities // 10000 + 1 FROM size) = 0),
long AS (SELECT * FROM chosen UNPIVOT INCLUDE NULLS ("value" FOR name IN (COLUMNS(*)))),
measured AS (
    SELECT name, count(*) AS sampled, count("value") AS known, avg("value") AS mean, min("value") AS least,
           quantile_cont("value", [0.05, 0.25, 0.5, 0.75, 0.95]) AS q, max("value") AS most
    FROM long WHERE "value" IS NULL OR isfinite("value") GROUP BY name)
SELECT {{entity}}, name, b.base_id::VARCHAR, now(), s.entities, sampled, known, mean, least, q[1], q[2], q[3], q[4], q[5], most
FROM measured, size AS s, {{base_table}} AS b;
