MERGE INTO silver_drift AS old USING (
    SELECT event_type, d.field AS field, d.kind AS kind, count(*) AS events, min(ingested_at) AS first_seen, max(ingested_at) AS last_seen,
        min(d."value") AS example
    FROM (SELECT event_type, ingested_at, unnest(drift) AS d FROM refine_suspects) GROUP BY ALL
) AS new ON old.event_type = new.event_type AND old.field = new.field AND old.kind = new.kind
WHEN MATCHED THEN UPDATE SET events = old.events + new.events, first_seen = least(old.first_seen, new.first_seen),
    last_seen = greatest(old.last_seen, new.last_seen), example = least(old.example, new.example)
WHEN NOT MATCHED THEN INSERT VALUES (new.event_type, new.field, new.kind, new.events, new.first_seen, new.last_seen, new.example)
