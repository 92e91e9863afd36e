-- Of one entity of the live lake: which computation of all its features is there, and the newest batch that any of them is from.
SELECT b.features_id::VARCHAR, coalesce(greatest(o.newest, n.newest), -1), r.declared_sha256
FROM {{base_table}} AS b, (SELECT max(refined_batch) AS newest FROM {{base}}) AS o, (SELECT max(refined_batch) AS newest FROM {{delta}}) AS n,
     refine_progress AS r
