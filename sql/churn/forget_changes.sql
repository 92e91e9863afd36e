DELETE FROM score_changes WHERE scored_at < now() - INTERVAL 30 DAY
