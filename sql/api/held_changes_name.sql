-- Names the content of score_changes within a base: rows are only added.
SELECT count(*) || ' ' || coalesce(epoch_us(max(scored_at)), 0) FROM score_changes
