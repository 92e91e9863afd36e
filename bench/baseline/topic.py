"""topic.py delete BOOTSTRAP TOPIC: what the bench needs of Kafka besides producing and reading."""

import sys

from confluent_kafka.admin import AdminClient


def main():
    command, bootstrap, topic = sys.argv[1:]
    assert command == "delete"
    client = AdminClient({"bootstrap.servers": bootstrap})  # in a variable: what it promised ends with it
    for done in client.delete_topics([topic]).values():
        done.result()


main()
