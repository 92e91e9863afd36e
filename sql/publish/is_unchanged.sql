SELECT ((SELECT max({{since}}) FROM {{source}}) IS NOT DISTINCT FROM (SELECT max({{since}}) FROM snapshot_out.{{table}}))::INTEGER
