SELECT name FROM gold_labels
