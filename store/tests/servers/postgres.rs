//! Control data in PostgreSQL, on the real server.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use focusflow_store::Error;
use focusflow_store::control::{ControlStore, NewToken, SqlControl, contract};
use schemas::control::{Role, Settings};
use sqlx::{Connection, Executor, PgConnection};

use crate::services::{Own, shared};

/// A schema of one test alone.
async fn schema(server: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("t{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(server).await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"))).await.unwrap();
    format!("{server}?options=-csearch_path%3D{name}")
}

async fn fresh() -> String {
    schema(&shared("postgres")).await
}

#[tokio::test]
async fn postgres_keeps_the_contract() {
    contract::check(&SqlControl::connect(&fresh().await).await.unwrap()).await;
}

#[tokio::test]
async fn it_is_reached_over_tls_and_only_where_its_certificate_is_trusted() {
    let server = Own::start("postgres");
    let ca = server.variable("TEST_POSTGRES_CA");
    let url = schema(&server.address()).await;
    let control = SqlControl::connect(&format!("{url}&sslmode=verify-full&sslrootcert={ca}")).await.unwrap();
    contract::check(&control).await;
    let stranger = SqlControl::connect(&format!("{url}&sslmode=verify-full")).await.err().unwrap();
    assert!(matches!(&stranger, Error::Unavailable(why) if why.contains("certificate")), "{stranger}");
}

#[tokio::test]
async fn what_was_put_is_there_for_the_next_process() {
    let url = fresh().await;
    let control = SqlControl::connect(&url).await.unwrap();
    contract::check(&control).await;
    let before = control.watch().borrow().clone();
    control.close().await;
    let again = SqlControl::connect(&url).await.unwrap();
    let after = again.watch().borrow().clone();
    assert_eq!((after.version, &after.settings), (before.version, &before.settings));
    assert_eq!(after.directory.document(), before.directory.document());
    assert!(after.tokens.authenticate("a-secret-of-my-own", 0).is_some());
    assert_eq!(again.advice_feedback("ada").await.unwrap().len(), 1);
}

#[tokio::test]
async fn another_process_sees_a_change_within_seconds() {
    let url = fresh().await;
    let (one, two) = (SqlControl::connect(&url).await.unwrap(), SqlControl::connect(&url).await.unwrap());
    let mut watch = two.watch();
    let (_, secret) = one.create_token(NewToken::new("laptop", Role::Ingest)).await.unwrap();
    let seen = watch.wait_for(|c| c.tokens.authenticate(secret.reveal(), 0).is_some());
    tokio::time::timeout(Duration::from_secs(5), seen).await.unwrap().unwrap();
}

#[tokio::test]
async fn processes_that_start_and_change_at_the_same_time_lose_nothing() {
    let url = fresh().await;
    let opened = futures::future::join_all((0..4).map(|_| SqlControl::connect(&url))).await;
    let controls: Vec<SqlControl> = opened.into_iter().map(Result::unwrap).collect();
    let make = async |control: &SqlControl| {
        for _ in 0..5 {
            control.create_token(NewToken::new("t", Role::Ingest)).await.unwrap();
        }
    };
    futures::future::join_all(controls.iter().map(make)).await;
    let mut watch = controls[0].watch();
    let all = watch.wait_for(|c| (c.version, c.tokens.iter().count()) == (20, 20));
    tokio::time::timeout(Duration::from_secs(5), all).await.unwrap().unwrap();
    let keys: Vec<_> = controls.iter().map(|c| c.watch().borrow().pseudonyms.clone()).collect();
    assert!(keys[0].is_some() && keys.iter().all(|k| *k == keys[0]), "one key for all");
}

#[tokio::test]
async fn the_last_snapshot_stays_while_the_server_is_away() {
    let server = Own::start("postgres");
    let control = SqlControl::connect(&server.address()).await.unwrap();
    let settings = Settings { keep_titles: true, ..Settings::default() };
    control.put_settings(settings.clone()).await.unwrap();
    let before = control.watch().borrow().version;
    server.stop();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!((control.watch().borrow().version, &control.watch().borrow().settings), (before, &settings));
    let refused = control.create_token(NewToken::new("t", Role::Ingest)).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    server.again();
    control.create_token(NewToken::new("t", Role::Ingest)).await.unwrap();
    assert_eq!(control.watch().borrow().version, before + 1);
}

#[tokio::test]
async fn a_newer_database_or_a_wrong_address_is_refused() {
    let url = fresh().await;
    SqlControl::connect(&url).await.unwrap().close().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    connection.execute("INSERT INTO migrations (number) VALUES (999)").await.unwrap();
    let error = SqlControl::connect(&url).await.err().unwrap();
    assert!(matches!(&error, Error::Invalid(m) if m.contains("999")), "{error}");

    let wrong = shared("postgres").replace("focusflow-secret", "wrong-password");
    let error = SqlControl::connect(&wrong).await.err().unwrap();
    assert!(matches!(&error, Error::Unavailable(m) if m.contains("password") && !m.contains("wrong-password")), "{error}");
}

#[tokio::test]
async fn what_is_wrong_with_the_control_data_is_listed_with_its_cure() {
    let check = async |url: &str| -> Vec<String> {
        SqlControl::check(url).await.into_iter().map(|found| format!("{} -> {}", found.what, found.cure)).collect()
    };
    let url = fresh().await;
    assert_eq!(check(&url).await, Vec::<String>::new(), "a first start may make the tables");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let made: Option<String> =
        sqlx::query_scalar("SELECT to_regclass('migrations')::text").fetch_one(&mut connection).await.unwrap();
    assert_eq!(made, None, "and nothing was changed");
    SqlControl::connect(&url).await.unwrap().close().await;
    assert_eq!(check(&url).await, Vec::<String>::new());
    connection.execute("INSERT INTO migrations (number) VALUES (999)").await.unwrap();
    let found = check(&url).await;
    assert!(found.len() == 1 && found[0].contains("999") && found[0].contains("newer program"), "{found:?}");

    // A user without rights.
    let name = format!("u{}", std::process::id());
    let made = format!("CREATE ROLE {name} LOGIN PASSWORD 'secret-of-nobody'");
    connection.execute(sqlx::AssertSqlSafe(made)).await.unwrap();
    let own = url.split_once("://").unwrap().1.split_once('@').unwrap().1;
    let schema = url.rsplit("%3D").next().unwrap();
    connection.execute(sqlx::AssertSqlSafe(format!("GRANT USAGE ON SCHEMA {schema} TO {name}"))).await.unwrap();
    let found = check(&format!("postgres://{name}:secret-of-nobody@{own}")).await;
    connection
        .execute(sqlx::AssertSqlSafe(format!("REVOKE ALL ON SCHEMA {schema} FROM {name}; DROP ROLE {name}")))
        .await
        .unwrap();
    assert!(found.len() == 1 && found[0].contains("GRANT SELECT, INSERT, UPDATE, DELETE"), "{found:?}");
    let found = check("postgres://x:hunter2@127.0.0.1:9/x").await;
    assert!(found.len() == 1 && found[0].contains("control.url") && !found[0].contains("hunter2"), "{found:?}");
}
