INSERT INTO gold_tower_state_sums BY NAME FROM refine_partials
