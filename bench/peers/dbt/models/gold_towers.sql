{% set features = {
    'measurements': 'count(*) WHERE true)',
    'avg_signal_dbm': 'round(avg(oss_signal_dbm) WHERE true), 1)',
    'avg_latency_ms': 'round(avg(oss_latency_ms) WHERE true), 1)',
    'avg_packet_loss_pct': 'round(avg(oss_packet_loss_pct) WHERE true), 2)',
    'max_latency_ms': 'max(oss_latency_ms) WHERE true)',
} %}
SELECT oss_tower_id, {{ windowed(features) }} max(event_timestamp) AS newest
FROM (SELECT *, date_diff('day', event_timestamp::DATE, (SELECT max(event_timestamp)::DATE FROM {{ ref('silver_events') }})) AS age
      FROM {{ ref('silver_events') }} WHERE oss_tower_id IS NOT NULL)
GROUP BY oss_tower_id
