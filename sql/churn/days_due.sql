-- Has a day begun, in the events or by the clock, since the days were brought up to date? $1 what they are made of.
SELECT coalesce(p.days_sha256 IS DISTINCT FROM $1 OR p.newest IS DISTINCT FROM g.newest OR p.updated_on IS DISTINCT FROM timezone('UTC', now())::DATE, true)
FROM model_progress AS p LEFT JOIN {{state}} AS g ON true
