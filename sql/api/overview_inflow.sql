SELECT make_timestamptz(hour * 3600000000) AS hour, 0 AS events, low, median, high, weeks, hour < epoch_us(now()) // 3600000000 AS complete
FROM inflow_bands ORDER BY inflow_bands.hour
