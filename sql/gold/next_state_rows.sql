INSERT INTO {{next}} BY NAME FROM refine_compacted WHERE rowid >= {{from}} AND rowid < {{to}}
