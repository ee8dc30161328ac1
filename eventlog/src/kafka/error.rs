//! librdkafka's errors as the log's: what was being done, why it failed, what cures it.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::client::Complaint;
use super::config::Config;
use crate::Error;

/// The error of a client's call; what the client complained of meanwhile is the better reason.
pub(super) fn from_kafka(config: &Config, doing: &str, error: &KafkaError, complaint: &Complaint) -> Error {
    match (error.rdkafka_error_code(), complaint.take()) {
        (Some(code), Some(heard)) if says_nothing(code) => from_code(config, doing, heard.code, Some(&heard.reason)),
        (Some(code), _) => from_code(config, doing, code, None),
        (None, _) => match error {
            KafkaError::ClientConfig(_, reason, key, _) => {
                Error::Refused(format!("the Kafka setting {key} will not do: {reason}"))
            }
            KafkaError::ClientCreation(reason) => Error::Refused(format!("the Kafka settings will not do: {reason}")),
            KafkaError::AdminOp(code) => from_code(config, doing, *code, None),
            _ => Error::Unavailable(format!("{doing}: {error}")),
        },
    }
}

/// Errors that stand for another one.
fn says_nothing(code: Code) -> bool {
    matches!(
        code,
        Code::BrokerTransportFailure
            | Code::UnknownPartition
            | Code::AllBrokersDown
            | Code::OperationTimedOut
            | Code::MessageTimedOut
            | Code::TimedOutQueue
            | Code::Fatal
    )
}

pub(super) fn from_code(config: &Config, doing: &str, code: Code, detail: Option<&str>) -> Error {
    let why = detail.map_or_else(|| code.to_string(), str::to_owned);
    let who = config.sasl.as_ref().map_or("this client", |sasl| sasl.user.as_str());
    match code {
        Code::MessageSizeTooLarge | Code::InvalidMessageSize | Code::MessageBatchTooLarge => Error::TooLarge(format!(
            "{doing}: {why}; up to {} bytes are taken: send less at once, or raise max.message.bytes of the topic and max_record here",
            config.max_record_bytes
        )),
        Code::InvalidTimestamp => {
            Error::TooOld(format!("{doing}: {why}; the topic keeps nothing of that time: raise its retention to take it"))
        }
        Code::TopicAuthorizationFailed | Code::GroupAuthorizationFailed | Code::ClusterAuthorizationFailed => {
            Error::Refused(format!(
                "{doing}: {why}; allow {who} in the cluster's access rules: Describe, DescribeConfigs, Read and Write on the topics {}, Create to make them, Read on the group {}",
                config.topics.join(", "),
                config.group
            ))
        }
        Code::Authentication | Code::SaslAuthenticationFailed | Code::UnsupportedSASLMechanism => {
            Error::Refused(format!("{doing}: {why}; correct user, password or mechanism of SASL"))
        }
        Code::SSL => Error::Refused(format!("{doing}: {why}; correct the certificates of TLS, or whether TLS is used at all")),
        Code::PolicyViolation
        | Code::InvalidConfig
        | Code::InvalidReplicationFactor
        | Code::InvalidPartitions
        | Code::InvalidTopic
        | Code::UnsupportedVersion
        | Code::UnsupportedFeature
        | Code::UnsupportedCompressionType
        | Code::UnknownProtocol
        | Code::InconsistentGroupProtocol
        | Code::FencedInstanceId
        | Code::InvalidSessionTimeout => {
            Error::Refused(format!("{doing}: {why}; the cluster does not allow it: change the setting, or the cluster's"))
        }
        Code::NotEnoughReplicas | Code::NotEnoughReplicasAfterAppend | Code::ISRInsufficient => {
            Error::Unavailable(format!("{doing}: {why}; too few brokers are in sync: bring the others back"))
        }
        Code::UnknownTopicOrPartition | Code::UnknownTopic => {
            Error::Unavailable(format!("{doing}: {why}; was the topic deleted? Start again to make it anew"))
        }
        // Without a leader that can be reached a partition is unknown as well.
        Code::UnknownPartition
        | Code::BrokerTransportFailure
        | Code::AllBrokersDown
        | Code::Resolve
        | Code::OperationTimedOut
        | Code::MessageTimedOut => {
            Error::Unavailable(format!("{doing}: {why}; are the brokers at {} up and to be reached from here?", config.brokers))
        }
        _ => Error::Unavailable(format!("{doing}: {why}")),
    }
}
