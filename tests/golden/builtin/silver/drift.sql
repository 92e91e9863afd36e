MERGE INTO silver_drift AS old USING (
    WITH added AS MATERIALIZED (
        SELECT event_type, field, kind, coalesce(known.events, 0) + found.events AS events,
            least(known.first_seen, found.first_seen) AS first_seen, greatest(known.last_seen, found.last_seen) AS last_seen,
            least(known.example, found.example) AS example
        FROM drifted() AS found LEFT JOIN silver_drift AS known USING (event_type, field, kind)
    )
    SELECT true AS is_old, * FROM added UNION ALL SELECT false, * FROM added
) AS new ON new.is_old AND old.event_type = new.event_type AND old.field = new.field AND old.kind = new.kind
WHEN MATCHED THEN DELETE
WHEN NOT MATCHED AND NOT new.is_old THEN INSERT (event_type, field, kind, events, first_seen, last_seen, example)
    VALUES (new.event_type, new.field, new.kind, new.events, new.first_seen, new.last_seen, new.example)
