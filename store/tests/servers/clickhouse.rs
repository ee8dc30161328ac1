//! The store on ClickHouse, on the real engine.

mod contract;
mod faults;
mod proxy;
mod rows;
mod setup;
mod sql;

use focusflow_store::clickhouse::ClickHouseStore;

pub use crate::database::Database;

mod suite {
    crate::on_a_store!(super::opened);
}

async fn opened() -> (Database, ClickHouseStore) {
    let database = Database::new();
    let store = ClickHouseStore::open(database.config()).await.unwrap();
    (database, store)
}
