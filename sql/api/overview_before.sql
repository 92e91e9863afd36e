-- The numbers of the generation nearest to $2 hours before $1, at most $3 hours away from that.
SELECT made_at AS at, generation, total, scored, high, medium, low, at_risk, "value", value_at_risk, quarantined, rejected, landed AS events
FROM history
WHERE abs(epoch($1::TIMESTAMPTZ) - $2 * 3600 - epoch(made_at)) <= $3 * 3600
ORDER BY abs(epoch($1::TIMESTAMPTZ) - $2 * 3600 - epoch(made_at)) LIMIT 1
