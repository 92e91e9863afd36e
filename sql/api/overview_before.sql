-- The numbers of the generation that is nearest to a day before $1, at most 6 hours away from that, and of that a week before, at most 36.
SELECT 'day' AS "when", made_at AS "at", generation, total, scored, high, medium, low, at_risk, "value", value_at_risk, quarantined, rejected, landed AS events
FROM history WHERE abs(epoch($1::TIMESTAMPTZ) - 86400 - epoch(made_at)) <= 6 * 3600
QUALIFY row_number() OVER (ORDER BY abs(epoch($1::TIMESTAMPTZ) - 86400 - epoch(made_at))) = 1
UNION ALL
SELECT 'week', made_at, generation, total, scored, high, medium, low, at_risk, "value", value_at_risk, quarantined, rejected, landed
FROM history WHERE abs(epoch($1::TIMESTAMPTZ) - 7 * 86400 - epoch(made_at)) <= 36 * 3600
QUALIFY row_number() OVER (ORDER BY abs(epoch($1::TIMESTAMPTZ) - 7 * 86400 - epoch(made_at))) = 1
