mod disk;
mod kill;
mod model;
mod trouble;

use super::*;
use crate::testing;

/// Without the floor under the length of segments: tests need many of them.
fn open(config: Config) -> Result<EmbeddedLog, Error> {
    let lock = DirLock::acquire(&config.dir)?;
    EmbeddedLog::open_on(Arc::new(LocalDisk), config, Some(lock))
}

fn config(dir: &Path) -> Config {
    Config { segment_bytes: 2_000, retain_bytes: 3_000, retention_interval: Duration::ZERO, ..Config::new(dir, 3) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_passes_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let count = std::sync::atomic::AtomicU32::new(0);
    let path = || dir.path().join(count.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string());
    // With its defaults; with little retention, small segments and no memory; and with those but memory.
    testing::contract(async || open(Config::new(path(), 3)).unwrap()).await;
    testing::contract(async || open(Config { cache_bytes: 0, ..config(&path()) }).unwrap()).await;
    testing::contract(async || open(config(&path())).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_passes_the_contract_of_durable_logs() {
    let dir = tempfile::tempdir().unwrap();
    testing::contract_durable(async |name| open(Config::new(dir.path().join(name), 3)).unwrap()).await;
    let dir = tempfile::tempdir().unwrap();
    testing::contract_durable(async |name| open(Config { cache_bytes: 0, ..config(&dir.path().join(name)) }).unwrap()).await;
}
