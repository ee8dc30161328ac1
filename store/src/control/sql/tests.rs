use std::path::PathBuf;

use schemas::control::Role;

use super::*;
use crate::control::contract;

fn file(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("control.db")
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    contract::check(&SqlControl::open(&file(&dir)).await.unwrap()).await;
}

#[tokio::test]
async fn what_was_put_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let control = SqlControl::open(&file(&dir)).await.unwrap();
    contract::check(&control).await;
    let before = control.watch().borrow().clone();
    control.close().await;
    drop(control);

    let again = SqlControl::open(&file(&dir)).await.unwrap();
    let after = again.watch().borrow().clone();
    assert_eq!(after.version, before.version);
    assert_eq!(after.directory.document(), before.directory.document());
    assert_eq!(after.settings, before.settings);
    assert_eq!(after.pseudonyms, before.pseudonyms);
    assert!(after.tokens.authenticate("a-secret-of-my-own", 0).is_some());
    assert_eq!(again.advice_feedback("ada").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_of_before_there_was_advice_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let control = SqlControl::open(&file(&dir)).await.unwrap();
    let settings = Settings { keep_titles: true, ..Settings::default() };
    control.put_settings(settings.clone()).await.unwrap();
    for sql in ["DROP TABLE advice_feedback", "DELETE FROM migrations WHERE number > 1"] {
        sqlx::query(sql).execute(&control.inner.pool).await.unwrap();
    }
    control.close().await;
    let again = SqlControl::open(&file(&dir)).await.unwrap();
    again.put_advice_feedback("ada", "breaks:two-hours", "breaks", 1).await.unwrap();
    assert_eq!(again.advice_feedback("ada").await.unwrap().len(), 1);
    assert_eq!(again.watch().borrow().settings, settings);
}

#[tokio::test]
async fn another_process_sees_a_change() {
    let dir = tempfile::tempdir().unwrap();
    let one = SqlControl::open(&file(&dir)).await.unwrap();
    let two = SqlControl::open(&file(&dir)).await.unwrap();
    let mut watch = two.watch();
    let (_, secret) = one.create_token(NewToken::new("laptop", Role::Ingest)).await.unwrap();
    let seen = watch.wait_for(|c| c.tokens.authenticate(secret.reveal(), 0).is_some());
    tokio::time::timeout(Duration::from_secs(5), seen).await.unwrap().unwrap();
}

#[tokio::test]
async fn processes_share_the_key_of_pseudonyms_and_installations_do_not() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (path, other) = (file(&dir), file(&elsewhere));
    let (one, two, three) = tokio::join!(SqlControl::open(&path), SqlControl::open(&path), SqlControl::open(&other));
    let key = |control: Result<SqlControl, Error>| control.unwrap().watch().borrow().pseudonyms.clone().unwrap();
    let (one, two, three) = (key(one), key(two), key(three));
    assert_eq!(one, two);
    assert_ne!(one, three);
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_not_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let control = SqlControl::open(&file(&dir)).await.unwrap();
    sqlx::query("UPDATE settings SET value = '\"5ec2e7\"' WHERE name = 'pseudonym_key'")
        .execute(&control.inner.pool)
        .await
        .unwrap();
    control.close().await;
    let error = SqlControl::open(&file(&dir)).await.err().unwrap().to_string();
    assert!(error.contains("pseudonym_key") && !error.contains("5ec2e7"), "{error}");
}

#[tokio::test]
async fn changes_of_two_processes_do_not_get_lost() {
    let dir = tempfile::tempdir().unwrap();
    let one = SqlControl::open(&file(&dir)).await.unwrap();
    let two = SqlControl::open(&file(&dir)).await.unwrap();
    let make = async |control: &SqlControl| {
        for _ in 0..10 {
            control.create_token(NewToken::new("t", Role::Ingest)).await.unwrap();
        }
    };
    tokio::join!(make(&one), make(&two));
    one.inner.refresh().await.unwrap();
    let snapshot = one.watch().borrow().clone();
    assert_eq!((snapshot.version, snapshot.tokens.iter().count()), (20, 20));
}

#[tokio::test]
async fn no_secret_is_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let control = SqlControl::open(&file(&dir)).await.unwrap();
    let (_, secret) = control.create_token(NewToken::new("laptop", Role::Ingest)).await.unwrap();
    control.close().await;
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.reveal().len()).any(|w| w == secret.reveal().as_bytes()));
    }
}

#[tokio::test]
async fn a_file_of_a_newer_program_or_of_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let control = SqlControl::open(&file(&dir)).await.unwrap();
    sqlx::query("INSERT INTO migrations (number) VALUES (999)").execute(&control.inner.pool).await.unwrap();
    control.close().await;
    let error = SqlControl::open(&file(&dir)).await.err().unwrap();
    assert!(error.to_string().contains("999"), "{error}");

    let other = dir.path().join("other.db");
    std::fs::write(&other, b"this is not a database at all, only some text in a file").unwrap();
    assert!(SqlControl::open(&other).await.is_err());
}
