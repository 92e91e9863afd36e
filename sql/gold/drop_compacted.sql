DROP TABLE IF EXISTS temp.refine_compacted
