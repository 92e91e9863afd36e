SELECT count(*) FROM quality_history
