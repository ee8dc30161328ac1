//! Making the database and keeping it up to date.

use focusflow_store::clickhouse::{ClickHouseStore, Quota, User, access};
use focusflow_store::{Error, Store};
use schemas::clickhouse::Layout;
use schemas::rows::{TABLES, USER_DAILY};
use std::time::Duration;

use super::Database;

async fn refused(config: focusflow_store::clickhouse::Config) -> String {
    match ClickHouseStore::open(config).await {
        Err(Error::Invalid(message)) => message,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it opened"),
    }
}

#[tokio::test]
async fn the_tables_are_those_of_the_definitions_and_stay_so() {
    let database = Database::new();
    for _ in 0..2 {
        ClickHouseStore::open(database.config()).await.unwrap();
        assert_eq!(
            database.ask("SELECT groupArray(number) FROM (SELECT number FROM {db}_rows.migrations FINAL ORDER BY 1)"),
            "[1,2,3,4,5]"
        );
    }
    for table in TABLES {
        let public: Vec<&str> = table.columns.iter().map(|c| c.name).filter(|n| *n != "deleted").collect();
        let shown = database.ask(&format!(
            "SELECT name FROM system.columns WHERE database = '{{db}}' AND table = '{}' ORDER BY position",
            table.name
        ));
        assert_eq!(shown.lines().collect::<Vec<_>>(), public, "{}", table.name);
    }
    let views = database.ask("SELECT count() FROM system.tables WHERE database = '{db}' AND engine = 'View'");
    assert_eq!(views, TABLES.len().to_string());
    // Team views of an earlier program go: they knew no rule about showing units.
    database.ask("CREATE VIEW {db}.team_5m AS SELECT 1");
    database.ask("ALTER TABLE {db}_rows.migrations DELETE WHERE number >= 4 SETTINGS mutations_sync = 1");
    ClickHouseStore::open(database.config()).await.unwrap();
    assert_eq!(database.ask("SELECT count() FROM system.tables WHERE database = '{db}' AND name = 'team_5m'"), "0");
    // Processes that start at the same time.
    let other = Database::new();
    let opened = futures::future::join_all((0..5).map(|_| ClickHouseStore::open(other.config()))).await;
    opened.into_iter().for_each(|store| drop(store.unwrap()));
}

#[tokio::test]
async fn a_process_without_the_right_to_change_tables_says_what_is_missing() {
    let database = Database::new();
    let mut config = database.config();
    config.migrate = false;
    let message = refused(config.clone()).await;
    assert!(message.contains("version 0") && message.contains("clickhouse.migrate"), "{message}");
    ClickHouseStore::open(database.config()).await.unwrap();
    ClickHouseStore::open(config.clone()).await.unwrap();

    database.ask("ALTER TABLE {db}_rows.user_daily DROP COLUMN rest_ms");
    assert!(refused(config.clone()).await.contains("user_daily lacks the column rest_ms"));
    ClickHouseStore::open(database.config()).await.unwrap();
    let before = "SELECT name FROM system.columns WHERE database = '{db}_rows' AND table = 'user_daily' ORDER BY position";
    let columns: Vec<String> = database.ask(before).lines().map(String::from).collect();
    assert_eq!(columns, USER_DAILY.columns.iter().map(|c| c.name).collect::<Vec<_>>(), "in its place again");

    database.ask("ALTER TABLE {db}_rows.user_daily MODIFY COLUMN switches Int32");
    assert!(refused(database.config()).await.contains("user_daily.switches is Int32"));
    database.ask("ALTER TABLE {db}_rows.user_daily MODIFY COLUMN switches Int64");
    database.ask("INSERT INTO {db}_rows.migrations (number, name) VALUES (99, 'of tomorrow')");
    assert!(refused(database.config()).await.contains("99"));
}

#[tokio::test]
async fn expiry_follows_the_configuration() {
    let database = Database::new();
    let ttl = "SELECT extract(engine_full, 'TTL .*? SETTINGS') FROM system.tables WHERE database = '{db}_rows' AND name = '{t}'";
    let ttl = |table: &str| database.ask(&ttl.replace("{t}", table));
    let mut config = database.config();
    // The last one is longer than the engine can reckon: taken for a date it would be long past.
    for (days, default) in [(Some(30), Some(400)), (Some(60), Some(400)), (None, None), (None, Some(40_000))] {
        config.retention = days.map(|days| ("activity_events", days)).into_iter().collect();
        config.retention_default_days = default;
        let store = ClickHouseStore::open(config.clone()).await.unwrap();
        let shown = |days: Option<u32>, time: &str| {
            days.filter(|d| *d < 20_000)
                .map_or(String::new(), |d| format!("TTL toDateTime({time}) + toIntervalDay({d}) SETTINGS"))
        };
        assert_eq!(ttl("activity_events"), shown(days.or(default), "ts"));
        assert_eq!(ttl("user_daily"), shown(default, "day"));
        assert_eq!(ttl("directory"), "", "snapshots do not expire");
        drop(store);
    }
}

#[tokio::test]
async fn a_wrong_password_or_address_is_said_with_its_cure() {
    let database = Database::new();
    let mut config = database.config();
    config.user = User { name: "nobody".into(), password: "x".into() };
    let message = refused(config.clone()).await;
    assert!(message.contains("Authentication failed") && message.contains("check the user"), "{message}");
    config.url = "http://127.0.0.1:9".into();
    config.retry_for = Duration::ZERO;
    assert!(matches!(ClickHouseStore::open(config).await, Err(Error::Unavailable(_))));
}

/// What only a real cluster, or a server with users, can run is at least what the engine can read.
#[tokio::test]
async fn statements_for_clusters_and_users_are_well_formed() {
    let database = Database::new();
    let layout = Layout { database: "focusflow".into(), cluster: Some("main".into()), fsync: false };
    let quota = Quota { statements: 1_000, read_rows: 1_000_000_000, execution: Duration::from_secs(600) };
    let mut statements = layout.databases();
    for table in TABLES {
        statements.extend(layout.table(table));
        statements.extend(layout.add_column(table, &table.columns[table.columns.len() - 1]));
        statements.extend(layout.expire(table, Some(30)));
        statements.extend(layout.expire(table, None));
        statements.push(layout.view(table));
    }
    statements.extend(access(&layout, "focusflow_reader", &"0".repeat(64), quota));
    assert!(statements.len() > 80, "{}", statements.len());
    for statement in statements {
        let quoted = statement.replace('\\', "\\\\").replace('\'', "\\'");
        let read = database.ask(&format!("SELECT length(formatQuery('{quoted}')) > 0"));
        assert_eq!(read, "1", "{statement}\n{read}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_connection_is_listed_with_its_cure() {
    let database = Database::new();
    let check = async |config: &focusflow_store::clickhouse::Config| -> Vec<String> {
        let found = ClickHouseStore::check(config).await;
        found.into_iter().map(|finding| format!("{} -> {}", finding.what, finding.cure)).collect()
    };
    let mut config = database.config();
    assert_eq!(check(&config).await, Vec::<String>::new(), "a first start may make it");
    config.migrate = false;
    let found = check(&config).await;
    assert!(found.len() == 1 && found[0].contains("version 0") && found[0].contains("clickhouse.migrate = true"), "{found:?}");
    assert_eq!(database.ask("SELECT count() FROM system.databases WHERE name LIKE '{db}%'"), "0", "and changes nothing");

    ClickHouseStore::open(database.config()).await.unwrap();
    assert_eq!(check(&config).await, Vec::<String>::new());
    database.ask("ALTER TABLE {db}_rows.user_daily DROP COLUMN rest_ms");
    database.ask("ALTER TABLE {db}_rows.user_daily MODIFY COLUMN switches Int32");
    database.ask("DROP TABLE {db}_rows.alerts");
    config.retention_default_days = Some(400);
    let found = check(&config).await;
    for expected in
        ["lacks the column rest_ms", "user_daily.switches is Int32", "table alerts is missing", "rows of user_5m expire"]
    {
        assert!(found.iter().any(|line| line.contains(expected)), "{expected}: {found:?}");
    }
    assert_eq!(found.iter().filter(|line| !line.contains("expire")).count(), 3, "{found:?}");

    config.layout.cluster = Some("none_of_that_name".into());
    let found = check(&config).await;
    assert!(found.iter().any(|line| line.contains("knows no cluster") && line.contains("system.clusters")), "{found:?}");
    config.reader = Some(User { name: "nobody".into(), password: "x".into() });
    let found = check(&config).await;
    assert!(found.iter().any(|line| line.contains("the reader nobody is of no use")), "{found:?}");
    config.user = User { name: "nobody".into(), password: "x".into() };
    let found = check(&config).await;
    assert!(found.len() == 1 && found[0].contains("check the user and the password"), "{found:?}");
    config.url = "http://127.0.0.1:9".into();
    let found = check(&config).await;
    assert!(found.len() == 1 && found[0].contains("clickhouse.url"), "{found:?}");
}

#[tokio::test]
async fn nothing_is_left_to_flush() {
    let database = Database::new();
    let store = ClickHouseStore::open(database.config()).await.unwrap();
    store.flush().await.unwrap();
    assert_eq!(store.durable_position(3).await.unwrap(), 0);
}
