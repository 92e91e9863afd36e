"""Sends events of 1 to 10 KB to Kafka: the events of a file, each with a text of random hex digits added to the payload.

    large_events.py BOOTSTRAP TOPIC FILE.jsonl
"""

import random
import sys

from confluent_kafka import Producer

MARK = b'"payload":{'


def main():
    bootstrap, topic, path = sys.argv[1:]
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "compression.type": "lz4", "queue.buffering.max.kbytes": 65536})
    chance = random.Random(1)
    digits = chance.randbytes(1 << 20).hex().encode()
    with open(path, "rb") as file:
        for line in file:
            at = chance.randrange(len(digits) - 10_000)
            note = b'"note":"' + digits[at : at + chance.randrange(750, 9_750)] + b'",'
            value = line.rstrip().replace(MARK, MARK + note, 1)
            while True:
                try:
                    producer.produce(topic, value)
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
    producer.flush()


main()
