-- $1: the properties of the contracts, as a list of column_name, event_type, topic, property.
INSERT INTO column_owners BY NAME
SELECT column_name, event_type, topic, property FROM (SELECT unnest(from_json($1, '[{"column_name":"VARCHAR","event_type":"VARCHAR","topic":"VARCHAR","property":"VARCHAR","made":"BOOLEAN"}]'), recursive := true))
    ANTI JOIN column_owners USING (event_type, topic, property)
