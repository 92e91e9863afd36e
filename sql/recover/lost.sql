-- Offsets that were in the lake and that nothing has any more: a gap with a reason of its own.
INSERT INTO bronze_gaps VALUES ($1, $2, $3, $4, $5, 'lost', $6, now());
