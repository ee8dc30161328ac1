//! The team views: figures of the units a reader names, and nothing of those that may not be shown.

use std::sync::Arc;

use focusflow_store::reader::{Figures, Reader, Units, Window};
use focusflow_store::testing::MONDAY_MS;
use focusflow_store::{Commit, Error, Scan, Store, Whose};
use schemas::rows::{
    BURNOUT_RISK, BurnoutRisk, BurnoutRiskColumns, Factor, USER_5M, USER_DAILY, User5mColumns, UserDaily, UserDailyColumns,
};

use super::{DAY_MS, a_window, an_idle_day, fill, query, query_as};

/// Teams t-0, t-1 … below the organisation, the last of them below the first; shown from five people on (eight for burnout),
/// whatever that gives away: the rule itself is the caller's. With them the windows of a day that are shown of nobody.
struct Teams(Vec<String>, [u64; 5]);

impl Teams {
    fn reader(count: usize) -> Reader {
        Teams::withholding(count, [0; 5])
    }

    fn withholding(count: usize, windows: [u64; 5]) -> Reader {
        let units = Teams((0..count).map(|i| format!("t-{i}")).collect(), windows);
        Reader { units: Some(Arc::new(units)), ..Reader::default() }
    }
}

impl Units for Teams {
    fn ids(&self) -> Vec<Option<&str>> {
        [None].into_iter().chain(self.0.iter().map(|id| Some(id.as_str()))).collect()
    }

    fn of_team(&self, team: Option<&str>) -> Vec<usize> {
        let at = self.0.iter().position(|id| Some(id.as_str()) == team);
        match at {
            None => vec![0],
            Some(last) if last + 1 == self.0.len() && last > 0 => vec![last + 1, 1, 0],
            Some(at) => vec![at + 1, 0],
        }
    }

    fn released(&self, figures: Figures, own: &[u32]) -> Vec<bool> {
        let least = if figures == Figures::Burnout { 8 } else { 5 };
        let below = |unit: usize| (0..own.len()).filter(move |other| self.of_team(self.ids()[*other]).contains(&unit));
        (0..own.len()).map(|unit| below(unit).map(|other| own[other]).sum::<u32>() >= least).collect()
    }

    /// Hides the windows before one that few people had, when few people had those.
    fn shown_windows(&self, _: usize, windows: &[Window], people_of: &mut dyn FnMut(&[i64]) -> u32) -> Vec<bool> {
        let hidden: Vec<i64> = windows.iter().filter(|w| !w.released).map(|w| w.start).collect();
        let few = !hidden.is_empty() && people_of(&hidden) < self.enough();
        windows.iter().enumerate().map(|(i, w)| w.released && !(few && windows.get(i + 1).is_some_and(|w| !w.released))).collect()
    }

    fn withheld(&self, people: &[(usize, [u64; 5])], _: &[bool]) -> [u64; 5] {
        assert!(people.is_sorted_by_key(|(unit, _)| *unit) && people.len() <= 20, "each person once, in order: {people:?}");
        self.1
    }

    fn enough(&self) -> u32 {
        5
    }
}

async fn teams(store: &dyn Store, count: usize, sql: &str) -> Result<String, Error> {
    query_as(store, sql, Teams::reader(count)).await
}

pub async fn figures_of_teams_and_of_all_below_them(store: &dyn Store) {
    // Teams of seven, seven and two, which are below the first.
    fill(store, 16, 1, true).await;
    let sql = "SELECT team_id, n, suppressed, focus_ms_mean, focus_ms_median, focus_ms_p90, load_mean, final FROM team_5m ORDER BY team_id";
    let expected = "t-0 9 false 333333.3333333333 240000.0 852000.0 0.5 true
t-1 7 false 600000.0 600000.0 744000.0 0.5 true
t-2  true";
    assert_eq!(teams(store, 3, sql).await.unwrap(), expected);
    let one = "SELECT n FROM team_5m WHERE team_id = 't-0' AND window_start < '2026-01-06'";
    assert_eq!(teams(store, 3, one).await.unwrap(), "9");
    assert_eq!(
        teams(store, 3, "SELECT count(*), count(n) FROM team_5m WHERE team_id IN ('t-2', 'nobody')").await.unwrap(),
        "1 0"
    );
    for view in ["team_daily", "team_burnout"] {
        assert_eq!(teams(store, 3, &format!("SELECT count(*) FROM {view}")).await.unwrap(), "0");
    }
    let error = query(store, "SELECT * FROM team_5m").await.unwrap_err();
    assert!(matches!(&error, Error::Statement { message, .. } if message.contains("team_5m")), "without units: {error:?}");
}

pub async fn what_is_shown_of_a_window_can_depend_on_the_days_beside_it(store: &dyn Store) {
    let epoch = store.acquire(0).await.unwrap().epoch;
    let midnight = MONDAY_MS + DAY_MS;
    let mut columns = User5mColumns::default();
    for person in 0..6 {
        let user = format!("u-{person}");
        columns.push(&a_window(&user, "t-0", midnight - 300_000, 1));
        if person == 0 {
            columns.push(&a_window(&user, "t-0", midnight, 1));
        }
        columns.push(&a_window(&user, "t-0", midnight + 300_000, 1));
    }
    let rows = vec![(&USER_5M, columns.finish().unwrap())];
    store.commit(Commit { partition: 0, epoch, from: 0, to: 1, state: Vec::new(), rows }).await.unwrap();
    for _ in 0..2 {
        let shown = |filter: &str| format!("SELECT n FROM team_5m WHERE {filter} ORDER BY window_start");
        assert_eq!(teams(store, 1, &shown("true")).await.unwrap().lines().collect::<Vec<_>>(), ["", "", "6"]);
        assert_eq!(teams(store, 1, &shown("window_start < '2026-01-06'")).await.unwrap(), "");
        store.flush().await.unwrap();
    }
}

pub async fn lists_survive_files_and_burnout_shows_from_eight_people_on(store: &dyn Store) {
    let epoch = store.acquire(0).await.unwrap().epoch;
    let day = (MONDAY_MS / DAY_MS) as i32;
    let (mut risks, mut days) = (BurnoutRiskColumns::default(), UserDailyColumns::default());
    // Nine in one team, of whom one was not active; seven in another.
    for person in 0..16 {
        let (user_id, team_id) = (format!("u-{person:02}"), if person < 9 { "t-0" } else { "t-1" });
        let features = (0..person % 3).map(|i| Factor { name: "overwork", value: f64::from(i), contribution: 0.5 }).collect();
        let level = if person % 4 == 0 { Some("high") } else { Some("low") };
        let (status, model) = ("ok", "baseline-1");
        risks.push(&BurnoutRisk {
            user_id: &user_id,
            day,
            team_id: Some(team_id),
            risk: Some(0.2),
            risk_low: Some(0.1),
            risk_high: Some(0.3),
            level,
            status,
            model,
            active_days: 20,
            features,
            definition: 1,
            final_: true,
            version: 1,
            deleted: false,
        });
        days.push(&UserDaily { active_ms: if person == 8 { 0 } else { 1 }, ..an_idle_day(&user_id, team_id, day) });
    }
    let rows = vec![(&BURNOUT_RISK, risks.finish().unwrap()), (&USER_DAILY, days.finish().unwrap())];
    let before = rows[0].1.clone();
    store.commit(Commit { partition: 0, epoch, from: 0, to: 1, state: Vec::new(), rows }).await.unwrap();
    for _ in 0..2 {
        let scan =
            Scan { table: &BURNOUT_RISK, whose: Whose::EVERYONE, from_ms: MONDAY_MS, to_ms: MONDAY_MS + DAY_MS, columns: None };
        assert_eq!(store.scan(scan).await.unwrap(), std::slice::from_ref(&before));
        assert_eq!(query(store, "SELECT count(*) FROM burnout_risk").await.unwrap(), "16");
        // A third team, which has nobody, is below the first.
        let burnout = "SELECT team_id, n, suppressed, low, elevated, high FROM team_burnout ORDER BY team_id";
        assert_eq!(teams(store, 3, burnout).await.unwrap(), "t-0 8 false 6 0 2\nt-1  true\nt-2  true");
        let daily = "SELECT n, active_ms_mean, response_ms_mean, rest_ms_p90 FROM team_daily WHERE team_id = 't-1'";
        assert_eq!(teams(store, 3, daily).await.unwrap(), "7 1.0", "a metric nobody has a value for is null");
        store.flush().await.unwrap();
    }
}

pub async fn a_withheld_window_is_shown_of_nobody(store: &dyn Store) {
    // Two days, a window each at midnight; by name the first of the day.
    fill(store, 14, 2, true).await;
    let sql = "SELECT team_id, n FROM team_5m ORDER BY window_start, team_id";
    assert_eq!(teams(store, 2, sql).await.unwrap(), "t-0 14\nt-1 7\nt-0 14\nt-1 7");
    let reader = Teams::withholding(2, [1, 0, 0, 0, 0]);
    assert_eq!(query_as(store, sql, reader).await.unwrap(), "t-0\nt-1\nt-0\nt-1");
}

pub async fn figures_stand_beside_rows(store: &dyn Store) {
    fill(store, 14, 3, true).await;
    let sql = "SELECT u.user_id, u.focus_ms, t.n, t.focus_ms_median FROM user_5m u JOIN team_5m t ON t.team_id = u.team_id \
               AND t.window_start = u.window_start WHERE u.user_id = 'u-008' AND u.window_start < '2026-01-07' ORDER BY u.window_start";
    assert_eq!(teams(store, 3, sql).await.unwrap(), "u-008 480000 7 600000.0\nu-008 480000 7 600000.0");
    assert_eq!(teams(store, 3, "SELECT count(*) FROM user_5m, team_daily").await.unwrap(), "0");
    assert_eq!(teams(store, 3, "SELECT count(*) FROM user_5m, (SELECT count(*) FROM team_daily) t").await.unwrap(), "42");
}
