"""What a team with dlt would run instead of `smelt ingest`: a resource that yields Arrow tables, its offsets in the state of the resource, into DuckDB.

    dlt_landing.py BOOTSTRAP TOPIC DATABASE
"""

import json
import sys

import dlt
import pyarrow
from confluent_kafka import Consumer, TopicPartition

ROWS = 122_880  # of a table: a row group of DuckDB
COLUMNS = pyarrow.schema([("kafka_partition", pyarrow.int32()), ("kafka_offset", pyarrow.int64()), ("kafka_timestamp", pyarrow.int64()),
                          ("value", pyarrow.binary())])  # fmt: skip


def assign(consumer, topic, state):
    """Where the state says, up to the present ends. Returns the ends and how many messages are left."""
    ends, left, places = {}, 0, []
    for partition in consumer.list_topics(topic).topics[topic].partitions:
        low, ends[partition] = consumer.get_watermark_offsets(TopicPartition(topic, partition))
        at = int(state.get(str(partition), low))
        left += ends[partition] - at
        places.append(TopicPartition(topic, partition, at))
    consumer.assign(places)
    return ends, left


@dlt.resource(name="bronze", write_disposition="append")
def bronze(bootstrap, topic):
    state = dlt.current.resource_state().setdefault("next", {})
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "dlt", "enable.auto.commit": False})
    ends, left = assign(consumer, topic, state)
    while left > 0:
        rows = []
        while left > 0 and len(rows) < ROWS:
            for message in consumer.consume(10_000, 1.0):
                if message.error():
                    raise SystemExit(str(message.error()))
                if message.offset() >= ends[message.partition()]:
                    continue
                rows.append((message.partition(), message.offset(), message.timestamp()[1], message.value()))
                state[str(message.partition())] = message.offset() + 1
                left -= 1
        columns = [pyarrow.array(column, type=field.type) for column, field in zip(zip(*rows, strict=True), COLUMNS, strict=True)]
        yield pyarrow.Table.from_arrays(columns, schema=COLUMNS)
    consumer.close()


def main(bootstrap, topic, database):
    pipeline = dlt.pipeline("landing", destination=dlt.destinations.duckdb(database), dataset_name="lake", pipelines_dir=f"{database}.dlt")
    pipeline.run(bronze(bootstrap, topic))
    with pipeline.sql_client() as client:
        print(json.dumps({"rows": client.execute_sql("SELECT count(*) FROM bronze")[0][0]}))


main(*sys.argv[1:])
