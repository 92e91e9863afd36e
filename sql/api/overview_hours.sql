-- 48 hours of 20 types and (other): also of a snapshot that an earlier version wrote, which named every type.
SELECT hour, event_type, events FROM serving_hours ORDER BY hour, event_type LIMIT 1008
