//! Learned models of burnout risk: which there are and whose turn it is, how they do on the answers that come in, and what anyone
//! may know of how often a risk is wrong.

pub mod accuracy;
mod answers;
pub mod http;
mod lately;
pub mod watch;
