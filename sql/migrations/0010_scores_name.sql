-- Scoring and refining write different tables, so that they can run at the same time: scores_id is new when scores of rows in Gold's base change,
-- and names copies of the base together with gold_base.base_id. NULL: not since this version.
ALTER TABLE scores_progress ADD COLUMN scores_id UUID;
