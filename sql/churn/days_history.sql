-- The days from {{from}} until before {{to}}, as known before {{known}}, of events up to the batch {{upto}}. The key has a name of its own in each lake.
SELECT entity::VARCHAR AS entity, day, known, record FROM model_days AS d(entity, day, known, upto, events_n, record)
WHERE day >= {{from}} AND day < {{to}} AND known < {{known}} AND upto <= {{upto}}
