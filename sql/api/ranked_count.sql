-- How many rows all pages have together; api/where follows.
SELECT count(*) FROM (SELECT *, churn_probability * {{value}}::DOUBLE AS "(value)" FROM api_ranked)
