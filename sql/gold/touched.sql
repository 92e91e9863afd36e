SELECT count(DISTINCT {{key}}) FROM refine_partials
