-- How many have which score, in $1 bins.
SELECT b.bin / $1::DOUBLE AS "from", (b.bin + 1) / $1::DOUBLE AS "to", coalesce(s.entities, 0) AS entities
FROM range($1::BIGINT) AS b(bin)
     LEFT JOIN (SELECT least(floor(churn_probability * $1), $1 - 1)::BIGINT AS bin, count(*) AS entities
                FROM serving_entities WHERE churn_probability IS NOT NULL GROUP BY 1) AS s ON s.bin = b.bin
ORDER BY b.bin
