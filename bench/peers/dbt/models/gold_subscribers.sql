{% set features = {
    'total_events': 'count(*) WHERE true)',
    'bss_events': "count(*) WHERE event_type = 'BSS')",
    'oss_events': "count(*) WHERE event_type = 'OSS')",
    'iot_events': "count(*) WHERE event_type = 'IoT')",
    'avg_signal_dbm': 'round(avg(oss_signal_dbm) WHERE true), 1)',
    'avg_latency_ms': 'round(avg(oss_latency_ms) WHERE true), 1)',
    'avg_packet_loss_pct': 'round(avg(oss_packet_loss_pct) WHERE true), 2)',
    'avg_bill_zmw': 'round(avg(bss_bill_zmw) WHERE true), 2)',
    'avg_data_used_mb': 'round(avg(bss_data_used_mb) WHERE true), 0)',
    'max_days_overdue': 'max(bss_days_overdue) WHERE true)',
    'overdue_count': "count(*) WHERE bss_payment_status = 'overdue')",
    'avg_battery_pct': 'round(avg(iot_battery_pct) WHERE true), 1)',
    'avg_quality_score': 'round(avg(quality_score) WHERE true), 1)',
} %}
SELECT subscriber_id, {{ windowed(features) }}
    (max_days_overdue > 30 OR avg(oss_signal_dbm) < -90 OR avg(oss_latency_ms) > 150)::INTEGER AS churn_label
FROM (SELECT *, date_diff('day', event_timestamp::DATE, (SELECT max(event_timestamp)::DATE FROM {{ ref('silver_events') }})) AS age
      FROM {{ ref('silver_events') }})
GROUP BY subscriber_id
HAVING count(*) >= 2
