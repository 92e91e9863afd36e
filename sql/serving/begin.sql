-- The first statement of a transaction on the live lake, and a cheap one.
SELECT 0 FROM refine_progress
