-- What each entity belongs to, by one of the declared segments, in the order of the ids.
SELECT {{key}}::VARCHAR, {{segment}}::VARCHAR FROM churn_segments ORDER BY {{key}}::VARCHAR
