SELECT as_of, landed AS bronze, silver, duplicates, rejected, gaps, lost, quarantined, pending_events,
       landed + duplicates + rejected + gaps AS offsets, last_24h
FROM serving_pipeline, (SELECT coalesce(sum(events), 0)::BIGINT AS last_24h FROM (SELECT hour, events, max(hour) OVER () AS newest FROM serving_hours)
                        WHERE hour > newest - INTERVAL 24 HOUR),
     (SELECT coalesce(max(lost_in_all), 0)::BIGINT AS lost FROM serving_losses)
