-- Whether what is typical of the entity {{entity}} has to be computed again: its base is another one, or there are a tenth more or fewer of them.
SELECT count(*) = 0 FROM (SELECT any_value(base_id) AS base_id, any_value(entities) AS entities FROM feature_stats WHERE entity = {{entity}}) AS s,
    {{base_table}} AS b, (SELECT count(*) AS entities FROM {{view}}) AS now
WHERE s.base_id = b.base_id::VARCHAR AND abs(now.entities - s.entities) * 10 <= s.entities
