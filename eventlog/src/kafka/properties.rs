//! The configuration in librdkafka's words, for each of the four clients.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use super::config::Config;
use crate::Topic;

impl Config {
    pub(super) fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set_log_level(RDKafkaLogLevel::Warning);
        client.set("bootstrap.servers", &self.brokers);
        client.set("client.id", &self.client_id);
        client.set("statistics.interval.ms", "5000");
        client.set("socket.keepalive.enable", "true");
        // A broker that comes back is found again within this.
        client.set("reconnect.backoff.max.ms", "2000");
        client.set("message.max.bytes", self.max_bytes(Topic::DeadLetters).to_string());
        let protocol = match (&self.tls, &self.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        client.set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            let paths =
                [("ssl.ca.location", &tls.ca), ("ssl.certificate.location", &tls.certificate), ("ssl.key.location", &tls.key)];
            for (key, path) in paths {
                if let Some(path) = path {
                    client.set(key, path.to_string_lossy());
                }
            }
            if let Some(password) = &tls.key_password {
                client.set("ssl.key.password", password);
            }
        }
        if let Some(sasl) = &self.sasl {
            client.set("sasl.mechanism", &sasl.mechanism);
            client.set("sasl.username", &sasl.user);
            client.set("sasl.password", &sasl.password);
        }
        for (key, value) in &self.properties.0 {
            client.set(key, value);
        }
        client
    }

    pub(super) fn producer(&self) -> ClientConfig {
        let mut client = self.client();
        client.set("acks", "all").set("enable.idempotence", "true");
        client.set("linger.ms", millis(self.linger));
        client.set("batch.size", self.batch_bytes.to_string());
        // By bytes alone.
        client.set("batch.num.messages", "1000000");
        client.set("compression.type", self.compression.as_str());
        client.set("delivery.timeout.ms", millis(self.delivery_timeout));
        // We choose the partition; should we not, it is as Kafka's own clients do.
        client.set("partitioner", "murmur2_random");
        // The bound is ours (`producer`), which waits; librdkafka's would refuse.
        client.set("queue.buffering.max.messages", "0").set("queue.buffering.max.kbytes", "2147483647");
        client
    }

    pub(super) fn reader(&self, partitions: u32) -> ClientConfig {
        let mut client = self.client();
        let bytes = (self.read_ahead_bytes / partitions.max(1) as usize).max(64 << 10);
        // Reading by offset is no member's business, but librdkafka wants a name.
        client.set("group.id", &self.group);
        client.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        // Where a position is not there any more, that is said.
        client.set("auto.offset.reset", "error").set("enable.partition.eof", "true");
        client.set("queued.max.messages.kbytes", (bytes >> 10).to_string());
        // A short record takes some hundred bytes to keep all the same.
        client.set("queued.min.messages", (bytes / 128).to_string());
        // As compressed: one answer of the brokers may be several times as long.
        client.set("fetch.message.max.bytes", (bytes / 4).clamp(64 << 10, 1 << 20).to_string());
        // A full queue is looked at again after this: the default of a second would be the speed limit.
        client.set("fetch.queue.backoff.ms", "10");
        client.set("fetch.error.backoff.ms", "100");
        // A reader that jumps waits for the fetch that is under way.
        client.set("fetch.wait.max.ms", "100");
        client
    }

    pub(super) fn member(&self) -> ClientConfig {
        let mut client = self.client();
        client.set("group.id", &self.group);
        client.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        client.set("partition.assignment.strategy", "cooperative-sticky");
        client.set("session.timeout.ms", millis(self.session_timeout));
        client.set("heartbeat.interval.ms", millis(self.session_timeout / 5));
        // It reads nothing: nothing is to be fetched while partitions are being paused.
        client.set("queued.min.messages", "1").set("queued.max.messages.kbytes", "1");
        client
    }

    /// Asks what the group committed, and takes no part.
    pub(super) fn onlooker(&self) -> ClientConfig {
        let mut client = self.client();
        client.set("group.id", &self.group);
        client.set("statistics.interval.ms", "0");
        client
    }
}

fn millis(time: Duration) -> String {
    time.as_millis().to_string()
}
