-- What whoever scored just now has counted: to count it again takes as long as to look for the scores of all.
CREATE OR REPLACE TEMP VIEW serving_scores AS SELECT {{scores}}::BIGINT AS scores, {{scored_at}}::TIMESTAMPTZ AS scored_at
