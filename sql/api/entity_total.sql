SELECT count(*) AS total FROM {{view}}
