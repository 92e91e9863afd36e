INSERT INTO gold_state_sums_rebuild BY NAME FROM refine_partials
