//! Where a browser finds the pages.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::Config;
use crate::data_dir::DataDir;

/// What links to a server that listens there begin with.
pub fn public(config: &Config, address: SocketAddr) -> String {
    match config.sections.server.public_url.trim_end_matches('/') {
        "" => local(address),
        url => url.to_owned(),
    }
}

/// For a browser on this machine.
pub fn local(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

/// The same for whoever is not the server: where the one of the data directory answers, or would by the settings.
pub fn base(config: &Config, data: &DataDir) -> String {
    match (config.sections.server.public_url.is_empty(), data.running()) {
        (true, Some(running)) => running.url,
        _ => public(config, config.listen),
    }
}
