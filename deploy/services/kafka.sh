# Apache Kafka: one broker.
# shellcheck shell=bash
brokers=1
first_port=${KAFKA_PORT:-19092}
# shellcheck source=kafka/cluster.sh
. "$here/kafka/cluster.sh"
