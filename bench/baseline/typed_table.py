"""The lower bound for `smelt refine`: the columns of Silver by one CREATE TABLE AS over Bronze, without checks or aggregates.

    typed_table.py LAKE.duckdb

One thread as in Smelt's defaults, and at least as much memory. The clock starts before the database is opened and stops when it is closed, including the checkpoint.
"""

import json
import sys
import time

import duckdb

CREATE = """
CREATE TABLE typed AS
SELECT event_id, event_type, source_system, upper(subscriber_id) AS subscriber_id, event_timestamp::TIMESTAMP AS event_timestamp, quality_score,
    ingested_at::TIMESTAMP AS ingested_at, p.plan AS bss_plan, p.data_used_mb AS bss_data_used_mb, p.bill_amount_zmw AS bss_bill_zmw,
    p.payment_status AS bss_payment_status, p.days_overdue AS bss_days_overdue, p.tower_id AS oss_tower_id, p.signal_dbm AS oss_signal_dbm,
    p.latency_ms AS oss_latency_ms, p.packet_loss_pct AS oss_packet_loss_pct, p.location AS iot_location, p.battery_pct AS iot_battery_pct,
    p.connection_type AS iot_connection_type, kafka_topic, kafka_epoch, kafka_partition, kafka_offset,
    kafka_timestamp::TIMESTAMP AS kafka_timestamp, batch_id
FROM (SELECT *, json_transform(raw_payload, '{"plan":"VARCHAR","data_used_mb":"INTEGER","bill_amount_zmw":"DECIMAL(18,2)",
    "payment_status":"VARCHAR","days_overdue":"INTEGER","tower_id":"VARCHAR","signal_dbm":"INTEGER","latency_ms":"INTEGER",
    "packet_loss_pct":"DECIMAL(9,6)","location":"VARCHAR","battery_pct":"INTEGER","connection_type":"VARCHAR"}') AS p FROM bronze_raw_events)
"""


def main():
    began = time.perf_counter()
    con = duckdb.connect(sys.argv[1], config={"memory_limit": "256MiB", "threads": "1", "preserve_insertion_order": "false"})
    con.execute("SET TimeZone = 'UTC'")
    con.execute(CREATE)
    rows = con.execute("SELECT count(*) FROM typed").fetchone()[0]
    con.close()
    print(json.dumps({"rows": rows, "seconds": time.perf_counter() - began}))


main()
