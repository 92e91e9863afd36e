# A Kafka broker from the jars that tools/bootstrap fetched, for networks without a container registry and for the tests. It replaces
# apache/kafka: it has the same user and folders (but no settings mounted as files), and it reads its settings from the environment with the same
# class (kafka.docker.KafkaDockerWrapper). Use apache/kafka itself where you can.
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
