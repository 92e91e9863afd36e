-- Whether what is typical of the entity {{entity}} has to be computed again: its base is another one.
SELECT NOT EXISTS (SELECT 1 FROM feature_stats AS s, {{base_table}} AS b WHERE s.entity = {{entity}} AND s.base_id = b.base_id::VARCHAR)
