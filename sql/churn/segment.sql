-- What each entity belongs to, by one of the declared segments, in the order of cut_rows.
SELECT {{key}}, {{segment}}::VARCHAR FROM churn_segments ORDER BY {{key}}
