-- The first id of the labels that Gold does not have, and the first one that Gold has: as texts, NULL where there is none.
SELECT (SELECT min(entity_id) FROM churn_labels WHERE entity_id NOT IN (SELECT {{key}}::VARCHAR FROM {{view}})), (SELECT min({{key}}::VARCHAR) FROM {{view}})
