SELECT epoch_us(max(event_timestamp)) FROM silver_clean_events
