-- What was committed from $1 to $2, in points of $3 seconds.
SELECT make_timestamptz(epoch_us(committed_at) // ($3::BIGINT * 1000000) * ($3::BIGINT * 1000000)) AS at, sum(landed)::BIGINT AS landed,
       sum(duplicates)::BIGINT AS duplicates, sum(rejected)::BIGINT AS rejected, sum(gaps)::BIGINT AS gaps, count(*) AS batches,
       round(sum(landed + duplicates + rejected) / $3::DOUBLE, 3) AS rows_per_s
FROM serving_batches WHERE committed_at >= $1 AND committed_at < $2
GROUP BY 1 ORDER BY 1
