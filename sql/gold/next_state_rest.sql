-- What was added to the state meanwhile.
INSERT INTO {{next}} BY NAME FROM {{table}} WHERE rowid >= {{from}}
