-- The rows of base or delta.
SELECT count(*) FROM {{table}}
