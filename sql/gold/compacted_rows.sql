SELECT count(*) FROM refine_compacted
