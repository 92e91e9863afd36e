INSERT INTO {{next}} BY NAME FROM {{table}} WHERE rowid >= {{from}} AND rowid < {{to}}
