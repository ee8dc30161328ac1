# Apache Kafka: three brokers, for what only shows when one of them goes.
# shellcheck shell=bash
brokers=3
first_port=${KAFKA3_PORT:-19192}
# shellcheck source=kafka/cluster.sh
. "$here/kafka/cluster.sh"
