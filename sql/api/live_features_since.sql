-- The features that were computed from a batch after {{after}}, as api/live_features has them. What both tables have is newer in the delta.
SELECT * EXCLUDE (refined_batch) REPLACE ({{key}}::VARCHAR AS {{key}})
FROM (FROM (FROM {{base}} WHERE refined_batch > {{after}}) ANTI JOIN (FROM {{delta}} WHERE refined_batch > {{after}}) USING ({{key}})
      UNION ALL FROM {{delta}} WHERE refined_batch > {{after}})
