"""topic.py delete BOOTSTRAP TOPIC: deletes a topic of the bench."""

import sys

from confluent_kafka.admin import AdminClient


def main():
    command, bootstrap, topic = sys.argv[1:]
    assert command == "delete"
    client = AdminClient({"bootstrap.servers": bootstrap})  # in a variable: its futures fail when it is garbage-collected
    for done in client.delete_topics([topic]).values():
        done.result()


main()
