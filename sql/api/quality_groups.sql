-- What did not pass, by rule and field: ever, and from $1 to $2 in points of $3 seconds. Times are hours (of what is old, days).
WITH counted AS MATERIALIZED (
    SELECT layer, rule, field, event_type, "source", make_timestamptz(hour * 3600000000) AS at, events,
           make_timestamptz(hour * 3600000000) >= $1 AND make_timestamptz(hour * 3600000000) < $2 AS inside
    FROM serving_quality_hours),
groups AS (
    SELECT layer, rule, field, sum(events)::BIGINT AS events, coalesce(sum(events) FILTER (inside), 0)::BIGINT AS in_range, min("at") AS first_at, max("at") AS newest_at,
           round(coalesce(sum(events) FILTER ("at" < $1), 0) / greatest(1, epoch($1 - min("at")) / 3600), 3) AS usual_per_hour
    FROM counted GROUP BY ALL ORDER BY in_range DESC, events DESC, rule, field LIMIT 200),
sources AS (
    SELECT layer, rule, field, to_json(list({'source': "source", 'events': n} ORDER BY n DESC, "source")) AS sources
    FROM (SELECT layer, rule, field, "source", sum(events)::BIGINT AS n FROM counted WHERE inside GROUP BY ALL) GROUP BY ALL),
types AS (
    SELECT layer, rule, field, to_json(list({'event_type': event_type, 'events': n} ORDER BY n DESC, event_type)) AS event_types
    FROM (SELECT layer, rule, field, event_type, sum(events)::BIGINT AS n FROM counted WHERE inside GROUP BY ALL) GROUP BY ALL),
points AS (
    SELECT layer, rule, field, to_json(list(json_array(strftime(make_timestamp(at_us), '%Y-%m-%dT%H:%M:%SZ'), n) ORDER BY at_us)) AS hours
    FROM (SELECT layer, rule, field, epoch_us("at") // ($3::BIGINT * 1000000) * ($3::BIGINT * 1000000) AS at_us, sum(events)::BIGINT AS n
          FROM counted WHERE inside GROUP BY ALL) GROUP BY ALL)
SELECT g.layer, g.rule, nullif(g.field, '') AS field, g.events, g.in_range, g.first_at, g.newest_at, g.usual_per_hour,
       coalesce(s.sources, '[]'::JSON) AS sources, coalesce(t.event_types, '[]'::JSON) AS event_types, coalesce(p.hours, '[]'::JSON) AS hours,
       left(q.example, 200) AS example, CASE WHEN g.newest_at >= now() - INTERVAL 25 HOUR THEN 'open' ELSE 'quiet' END AS state
FROM groups AS g
     LEFT JOIN sources AS s ON (s.layer, s.rule, s.field) = (g.layer, g.rule, g.field)
     LEFT JOIN types AS t ON (t.layer, t.rule, t.field) = (g.layer, g.rule, g.field)
     LEFT JOIN points AS p ON (p.layer, p.rule, p.field) = (g.layer, g.rule, g.field)
     LEFT JOIN serving_quarantine AS q ON (q.layer, q.rule, left(coalesce(q.field, ''), 128)) = (g.layer, g.rule, g.field)
ORDER BY g.in_range DESC, g.events DESC, g.rule, g.field
