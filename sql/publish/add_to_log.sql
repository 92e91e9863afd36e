-- The rows that the last generation does not have yet.
INSERT INTO snapshot_out.{{table}} BY NAME
SELECT * FROM {{source}} WHERE {{since}} > (SELECT max({{since}}) FROM snapshot_out.{{table}})
UNION ALL
SELECT * FROM {{source}} WHERE NOT EXISTS (SELECT 1 FROM snapshot_out.{{table}})
