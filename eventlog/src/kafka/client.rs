//! What all clients of librdkafka have in common: where their words go, and what they last complained of.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::error::RDKafkaErrorCode::{
    self, Authentication, BrokerTransportFailure, Resolve, SSL, SaslAuthenticationFailed, UnsupportedSASLMechanism,
};
use rdkafka::statistics::Statistics;

use super::stats;
use crate::Error;
use crate::memory::lock;

/// Complaints older than this have nothing to do with what fails now.
const FRESH: Duration = Duration::from_secs(30);

/// The last complaint of a client about its connections: librdkafka tells the reason aside, and the call that suffers gets
/// "timed out".
#[derive(Debug, Clone, Default)]
pub(super) struct Complaint(Arc<Mutex<Option<Heard>>>);

#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub code: RDKafkaErrorCode,
    pub reason: String,
    at: Instant,
}

impl Complaint {
    pub fn take(&self) -> Option<Heard> {
        lock(&self.0).take().filter(|heard| heard.at.elapsed() < FRESH)
    }

    /// Trying again does not help.
    pub fn is_final(&self) -> bool {
        lock(&self.0).as_ref().is_some_and(|heard| heard.code != BrokerTransportFailure && heard.code != Resolve)
    }

    fn hear(&self, error: &KafkaError, reason: &str) {
        let Some(code) = error.rdkafka_error_code() else { return };
        // That all brokers are down is a consequence: the reason was told before.
        if matches!(
            code,
            BrokerTransportFailure | Resolve | SSL | Authentication | SaslAuthenticationFailed | UnsupportedSASLMechanism
        ) {
            *lock(&self.0) = Some(Heard { code, reason: reason.to_owned(), at: Instant::now() });
        }
    }
}

/// The context of a client that needs no more than to be heard.
#[derive(Debug)]
pub(super) struct Plain {
    pub role: &'static str,
    pub complaint: Complaint,
}

impl Plain {
    pub fn new(role: &'static str) -> Plain {
        Plain { role, complaint: Complaint::default() }
    }
}

impl ClientContext for Plain {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
                tracing::error!(role = self.role, facility, "{message}");
            }
            RDKafkaLogLevel::Warning => tracing::warn!(role = self.role, facility, "{message}"),
            _ => tracing::debug!(role = self.role, facility, "{message}"),
        }
    }

    fn stats(&self, statistics: Statistics) {
        stats::tell(self.role, &statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(role = self.role, %error, reason, "a Kafka client complains");
        self.complaint.hear(&error, reason);
    }
}

impl ConsumerContext for Plain {}

/// A call of librdkafka that waits for brokers, off the async threads.
pub(super) async fn blocking<T: Send + 'static>(call: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(call).await.unwrap_or(Err(Error::Closed))
}

/// How often the threads that serve librdkafka's queues look whether they are still wanted.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(100);
