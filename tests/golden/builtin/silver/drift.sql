MERGE INTO silver_drift AS old USING drifted() AS new ON old.event_type = new.event_type AND old.field = new.field AND old.kind = new.kind
WHEN MATCHED THEN UPDATE SET events = old.events + new.events, first_seen = least(old.first_seen, new.first_seen),
    last_seen = greatest(old.last_seen, new.last_seen), example = least(old.example, new.example)
WHEN NOT MATCHED THEN INSERT (event_type, field, kind, events, first_seen, last_seen, example)
    VALUES (new.event_type, new.field, new.kind, new.events, new.first_seen, new.last_seen, new.example)
