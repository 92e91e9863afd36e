-- What names the content of the base of an entity; $1 its name, empty of the one with scores.
SELECT base FROM snapshot_base WHERE $1 = '' UNION ALL SELECT base FROM snapshot_bases WHERE table_name = $1
