SELECT hour, event_type, events FROM serving_hours ORDER BY hour, event_type
