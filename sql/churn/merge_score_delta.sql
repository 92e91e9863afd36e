-- The fresh scores become part of the base.
DELETE FROM scores_base WHERE subscriber_id IN (SELECT subscriber_id FROM scores_fresh);
INSERT INTO scores_base FROM scores_fresh;
DELETE FROM scores_fresh;
