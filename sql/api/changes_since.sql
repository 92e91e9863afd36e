-- The time of generation $1, or of the newest before it.
SELECT max(made_at) FROM history WHERE generation <= $1
