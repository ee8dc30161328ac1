//! Both stores keep the contract.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use focusflow_store::embedded::{Config, EmbeddedStore};
use focusflow_store::memory::MemoryStore;
use focusflow_store::testing::{Subject, contract};
use focusflow_store::{Error, Store};

struct InMemory(Arc<MemoryStore>);

#[async_trait]
impl Subject for InMemory {
    fn store(&self) -> Arc<dyn Store> {
        self.0.clone()
    }
    async fn crash(&mut self) -> Result<(), Error> {
        self.0.crash();
        Ok(())
    }
}

struct OnDisk {
    dir: tempfile::TempDir,
    store: Option<Arc<EmbeddedStore>>,
    flush_every: Duration,
}

impl OnDisk {
    fn config(&self) -> Config {
        Config { flush_every: self.flush_every, ..Config::new(self.dir.path()) }
    }
}

#[async_trait]
impl Subject for OnDisk {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone().unwrap()
    }
    async fn crash(&mut self) -> Result<(), Error> {
        let old = self.store.take().unwrap();
        assert_eq!(Arc::strong_count(&old), 1, "a case still holds the store it lets crash");
        drop(old);
        self.store = Some(Arc::new(EmbeddedStore::open(self.config())?));
        Ok(())
    }
}

async fn on_disk(flush_every: Duration) -> Result<OnDisk, Error> {
    let mut subject = OnDisk { dir: tempfile::tempdir().unwrap(), store: None, flush_every };
    subject.store = Some(Arc::new(EmbeddedStore::open(subject.config())?));
    Ok(subject)
}

#[tokio::test]
async fn the_memory_store_keeps_the_contract() {
    contract(async || Ok(InMemory(Arc::new(MemoryStore::new())))).await.unwrap();
}

#[tokio::test]
async fn the_embedded_store_keeps_the_contract() {
    contract(async || on_disk(Duration::from_secs(3600)).await).await.unwrap();
}

#[tokio::test]
async fn the_embedded_store_keeps_it_while_it_flushes_by_itself() {
    contract(async || on_disk(Duration::from_millis(5)).await).await.unwrap();
}
