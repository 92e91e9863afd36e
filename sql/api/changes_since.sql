-- The time of generation $1, or of the newest before it; and the newest generation.
SELECT max(made_at) FILTER (generation <= $1), max(generation) FROM history
