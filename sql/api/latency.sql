-- As api/history, how long events took.
SELECT made_at AS at, arrival_p50_s, arrival_p95_s, publish_p50_s, publish_p95_s
FROM history WHERE made_at >= $1 AND made_at < $2 AND arrival_p50_s IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY epoch_us(made_at) // ($3::BIGINT * 1000000) ORDER BY made_at DESC, generation DESC) = 1
ORDER BY made_at
