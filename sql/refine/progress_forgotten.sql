-- The row that refine/progress_stored writes again. Not an update: that would wait for a checkpoint which runs beside (src/lake/checkpoint.c).
DELETE FROM refine_progress
