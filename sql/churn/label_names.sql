SELECT name FROM {{labels}}
