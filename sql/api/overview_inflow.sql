SELECT hour, events, low, median, high, weeks, complete FROM serving_inflow ORDER BY hour
