INSERT INTO gold_state_sums BY NAME FROM refine_partials
