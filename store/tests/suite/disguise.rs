//! What a disguised reader sees.

use focusflow_store::reader::{Reader, Shown};
use focusflow_store::{Error, Store};
use schemas::pseudonym::Kind;

use super::{disguised, fill, pseudonyms, query_as};

fn reader() -> Reader {
    disguised(|column| match column {
        "user_id" => Shown::Pseudonym(Kind::Person),
        "team_id" => Shown::Team,
        _ => Shown::AsIs,
    })
}

fn pseudonym(person: usize) -> String {
    pseudonyms().of(Kind::Person, &format!("u-{person:03}"))
}

pub async fn ids_are_pseudonyms_wherever_they_stand(store: &dyn Store) {
    fill(store, 20, 2, true).await;
    let sorted = |people: std::ops::Range<usize>| {
        let mut all: Vec<String> = people.map(pseudonym).collect();
        all.sort();
        all
    };
    // In the order of pseudonyms, day by day.
    let rows = query_as(store, "SELECT user_id, team_id FROM user_5m", reader()).await.unwrap();
    let shown: Vec<&str> = rows.lines().map(|row| row.split(' ').next().unwrap()).collect();
    assert_eq!(shown, [sorted(0..20), sorted(0..20)].concat());
    assert!(!rows.contains("u-0") && rows.contains("t-1"), "{rows}");
    assert_eq!(query_as(store, "SELECT count(DISTINCT user_id) FROM user_5m", reader()).await.unwrap(), "20");
    for sql in ["SELECT * FROM user_daily", "SELECT * FROM directory", "SELECT * FROM system.tables"] {
        let error = query_as(store, sql, reader()).await.unwrap_err();
        assert!(matches!(error, Error::Statement { .. }), "{sql}: {error:?}");
    }
    let error = query_as(store, "SELECT CAST(user_id AS INT) FROM user_5m", reader()).await.unwrap_err();
    assert!(!error.to_string().contains("u-0"), "{error}");
}

pub async fn a_person_s_rows_are_found_by_pseudonym(store: &dyn Store) {
    fill(store, 20, 3, true).await;
    let of =
        async |filter: &str| query_as(store, &format!("SELECT focus_ms FROM user_5m WHERE {filter}"), reader()).await.unwrap();
    let (three, four) = (pseudonym(3), pseudonym(4));
    assert_eq!(of(&format!("user_id = '{three}'")).await, "180000\n180000\n180000");
    assert_eq!(of(&format!("user_id = '{four}' AND window_start < '2026-01-06'")).await, "240000");
    let both = of(&format!("user_id IN ('{three}', '{four}', 'u-005') AND window_start < '2026-01-06'")).await;
    assert_eq!(both.lines().count(), 2, "{both}");
    assert_eq!(of("user_id = 'u-003'").await, "", "a real id finds nobody");
    assert_eq!(of("team_id = 't-2'").await.lines().count(), 18);
}
