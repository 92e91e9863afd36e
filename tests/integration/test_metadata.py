"""What a cluster says of its own brokers, and a client that must not believe that there are none for ever."""

from __future__ import annotations

from contextlib import closing

from harness import SMALL_BATCHES, Broker, Smelt, Topic, eventually, events, free_port
from metadata_proxy import MetadataProxy

ROUNDS = 10


def test_a_cluster_that_says_it_has_no_brokers_is_asked_again(smelt: Smelt, topic: Topic, broker: Broker) -> None:
    """The only broker says so when it is asked while it ends. In about one of five times librdkafka forgets it for ever."""
    with closing(MetadataProxy(broker.address)) as proxy:
        through = ("--set", f"kafka.bootstrap={proxy.address}", "--set", "kafka.topic.metadata.refresh.interval.ms=200")
        sent = len(topic.send(events(0, 50)))
        running = smelt.start("ingest", "--follow", *SMALL_BATCHES, *through)
        eventually("landed", lambda: topic.committed(topic.name) == sent)
        for _ in range(ROUNDS):
            told = proxy.emptied
            proxy.has_brokers = False
            eventually("it was told that there are no brokers", lambda before=told: proxy.emptied > before)
            proxy.has_brokers = True
            sent += len(topic.send(events(sent, 50)))
            eventually("landed", lambda: topic.committed(topic.name) == sent, 40)  # noqa: B023
            if "is given the address again" in running.stderr:
                break
        assert running.end().code == 0


def test_an_advertised_address_that_cannot_be_reached_is_told(smelt: Smelt, topic: Topic, broker: Broker) -> None:
    """As of a broker in a container that advertises the name it has there: kafka.bootstrap answers, and nothing else works."""
    with closing(MetadataProxy(broker.address)) as proxy:
        proxy.advertised = free_port()
        through = ("--set", f"kafka.bootstrap={proxy.address}")
        for command in (("ingest", "--timeout", "3s"), ("produce",)):
            result = smelt.run(*command, *through)
            assert result.code == 69, (command, result)
            assert f"advertises the address 127.0.0.1:{proxy.advertised}" in result.error and "advertised.listeners" in result.error, result.error
