-- In the place of {{sort}} as a number, of a column that is none: how many other values come before.
(CASE WHEN {{sort}} IS NOT NULL THEN dense_rank() OVER (ORDER BY {{sort}}) END)