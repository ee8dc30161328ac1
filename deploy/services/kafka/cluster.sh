# A Kafka cluster of $brokers processes named 1, 2, …, each broker and controller in one (KRaft combined mode). Broker N
# takes clients on $first_port+N-1 in plain text, and twenty ports on with TLS and SCRAM; ten ports on controllers meet.
# shellcheck shell=bash disable=SC2034,SC2154  # read by, and given by, services.sh

jars=$cache/kafka-$(cksum <"$here/kafka/pom.xml" | cut -d' ' -f1)
heap=${KAFKA_HEAP:-320m}
user=focusflow
secret=focusflow-secret

port() { echo $((first_port + $1 - 1 + ${2:-0})); } # broker, distance
processes() { seq "$brokers"; }
ports() { port "$1"; port "$1" 10; port "$1" 20; }

joined() { # a host (% in it is the broker's number), a distance: host:port of all brokers, by commas
    for i in $(processes); do echo "${1//%/$i}:$(port "$i" "$2")"; done | paste -sd,
}

address() {
    local prefix=TEST_${service^^}
    echo "$prefix=$(joined 127.0.0.1 0)"
    echo "${prefix}_SECURE=$(joined 127.0.0.1 20)"
    echo "${prefix}_CA=$dir/tls/ca.pem"
    echo "${prefix}_USER=$user"
    echo "${prefix}_PASSWORD=$secret"
    echo "${prefix}_JARS=$jars"
}

prepare() {
    needs java && needs keytool
    install_jars
    make_certificate
    for i in $(processes); do configure "$i" >"$dir/$i.properties.new" && mv "$dir/$i.properties.new" "$dir/$i.properties"; done
    for i in $(processes); do format "$i"; done
}

needs() {
    type -P "$1" >/dev/null || fail "needs $1. Cure: deploy/install-tools.sh services"
}

install_jars() {
    [ ! -d "$jars" ] || return 0
    local log=$dir/install.log
    needs mvn
    echo "$service: fetches Apache Kafka with Maven (45 MB, once)"
    local part=$jars.part$$
    mvn -B -q -f "$here/kafka/pom.xml" dependency:copy-dependencies -DoutputDirectory="$part" >"$log" 2>&1 || {
        rm -rf "$part"
        tail -n 5 "$log" >&2
        fail "Maven could not fetch Apache Kafka. Cure: see $log; Maven needs its central repository, or a mirror of it in ~/.m2/settings.xml"
    }
    # Another call may have been quicker.
    mv -T "$part" "$jars" 2>/dev/null || rm -rf "$part"
}

make_certificate() {
    local store=$dir/tls/broker.p12
    [ ! -s "$dir/tls/ca.pem" ] || return 0
    rm -rf "$dir/tls" && mkdir -p "$dir/tls"
    {
        keytool -genkeypair -alias broker -keyalg EC -validity 3650 -dname CN=localhost -ext san=dns:localhost,ip:127.0.0.1 \
            -keystore "$store" -storetype PKCS12 -storepass "$secret" &&
            keytool -exportcert -rfc -alias broker -keystore "$store" -storepass "$secret" -file "$dir/tls/ca.pem.new"
    } >"$dir/tls/keytool.log" 2>&1 || fail "keytool could not make a certificate. Cure: see $dir/tls/keytool.log"
    mv "$dir/tls/ca.pem.new" "$dir/tls/ca.pem"
}

configure() {
    cat <<END
# Made by deploy/services.sh at every start: edit deploy/services/kafka/cluster.sh instead.
process.roles=broker,controller
node.id=$1
controller.quorum.voters=$(joined %@127.0.0.1 10)
listeners=PLAINTEXT://127.0.0.1:$(port "$1"),CONTROLLER://127.0.0.1:$(port "$1" 10),SECURE://127.0.0.1:$(port "$1" 20)
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.name.secure.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secure.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.ssl.keystore.type=PKCS12
listener.name.secure.ssl.keystore.location=$dir/tls/broker.p12
listener.name.secure.ssl.keystore.password=$secret
log.dirs=$dir/$1
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=$brokers
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=$brokers
transaction.state.log.min.isr=$(((brokers + 1) / 2))
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=$brokers
group.initial.rebalance.delay.ms=0
# A small machine; and a broker that is gone is soon known to be.
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=8388608
log.cleaner.io.buffer.size=131072
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
END
}

format() {
    [ ! -s "$dir/$1/meta.properties" ] || return 0
    # Sixteen bytes in base64, the same at every broker of the cluster.
    java -Xmx128m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$jars/*" -Dfocusflow.level=ERROR -Dlog4j2.configurationFile="$here/kafka/log4j2.yaml" \
        kafka.tools.StorageTool format --cluster-id Zm9jdXNmbG93LWthZmthMQ --config "$dir/$1.properties" \
        --add-scram "SCRAM-SHA-512=[name=$user,password=$secret]" >"$dir/format.log" 2>&1 ||
        fail "broker $1's storage could not be formatted. Cure: see $dir/format.log; delete $dir/$1 if it is half made"
}

invocation() {
    command=(java "-Xms$heap" "-Xmx$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -XX:+ExitOnOutOfMemoryError
        -cp "$jars/*" "-Dlog4j2.configurationFile=$here/kafka/log4j2.yaml" kafka.Kafka "$dir/$1.properties")
}

# Metadata (key 3, version 1) of no topics: its answer begins with the brokers that are alive. Asked of every broker, it
# must name all of them. As bytes, since a Java client would take a second of both cores for each try.
ready() {
    local answer
    exec 3<>"/dev/tcp/127.0.0.1/$(port "$1")" || return 1
    # length 19 | key 3 | version 1 | correlation 7 | client "ready" | topics: an empty list
    printf '\0\0\0\x13\0\x03\0\x01\0\0\0\x07\0\x05ready\0\0\0\0' >&3
    answer=$(timeout 2 head -c 12 <&3 | od -An -tx1 | tr -d ' \n')
    exec 3>&- 3<&-
    [ "${answer:8}" = "$(printf '00000007%08x' "$brokers")" ]
}
