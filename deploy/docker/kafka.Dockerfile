# A Kafka broker from the jars that tools/bootstrap fetched, for networks without a container registry and for the tests. It stands in for
# apache/kafka: the same user and folders (but for settings mounted as files), and its settings come from the environment through the same class that apache/kafka calls
# (kafka.docker.KafkaDockerWrapper). Elsewhere use apache/kafka itself.
#
#   tools/bootstrap demo && docker build -f deploy/docker/kafka.Dockerfile -t apache/kafka:4.3.1 .
ARG BASE=debian:bookworm-slim
FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends default-jre-headless \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 1000 --no-create-home appuser \
 && install -d -o appuser /opt/kafka/config /opt/kafka/logs /var/lib/kafka/data
COPY .deps/kafka/libs /opt/kafka/libs
COPY deploy/docker/kafka/log4j2.yaml /etc/kafka/docker/log4j2.yaml
COPY deploy/docker/kafka/log4j2.yaml /etc/kafka/docker/tools-log4j2.yaml
COPY deploy/docker/kafka/run /etc/kafka/docker/run
USER appuser
EXPOSE 9092
VOLUME ["/var/lib/kafka/data"]
CMD ["/etc/kafka/docker/run"]
