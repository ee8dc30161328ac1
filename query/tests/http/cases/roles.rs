//! Each role on each kind of route.

use reqwest::Method;
use serde_json::json;

use super::setting::*;

#[tokio::test]
async fn each_role_reaches_what_it_may() {
    let world = World::start().await;
    let paths = [
        "/v1/me/summary",
        "/v1/teams/t-2/summary",
        "/v1/teams/t-1/trends",
        "/v1/org/heatmap",
        "/v1/teams/none/timeline",
        "/v1/tokens",
        "/v1/directory",
        "/v1/whoami",
        "/v1/teams",
    ];
    let check = async |role: &str, expected: [u16; 9]| {
        for (path, expected) in paths.iter().zip(expected) {
            assert_eq!(world.status(role, path).await, expected, "{role} at {path}");
        }
    };
    check("", [401; 9]).await;
    check("stranger", [401; 9]).await;
    check("ingest", [403, 403, 403, 403, 403, 403, 403, 200, 200]).await;
    check("member", [200, 403, 403, 403, 403, 403, 200, 200, 200]).await;
    check("manager", [200, 200, 403, 403, 403, 403, 200, 200, 200]).await;
    check("analyst", [403, 200, 200, 200, 404, 403, 200, 200, 200]).await;
    check("admin", [403, 200, 200, 200, 404, 200, 200, 200, 200]).await;
}

#[tokio::test]
async fn sql_is_for_admins_and_analysts() {
    let world = World::start().await;
    let run = async |role: &str, sql: &str| {
        world.send(Method::POST, role, "/v1/sql", Some(json!({"sql": sql}))).await.status().as_u16()
    };
    for role in ["ingest", "member", "manager"] {
        assert_eq!(run(role, "SELECT 1").await, 403, "{role}");
    }
    assert_eq!(run("", "SELECT 1").await, 401);
    for role in ["analyst", "admin"] {
        assert_eq!(run(role, "SELECT count(*) FROM user_daily").await, 200, "{role}");
        assert_eq!(run(role, "SELECT count(*) FROM team_daily").await, 200, "{role}");
    }
}

#[tokio::test]
async fn lists_name_only_what_the_caller_may_see() {
    let world = World::start().await;
    let ids = async |role: &str| -> Vec<String> {
        let teams = world.get(role, "/v1/teams").await;
        teams["teams"].as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("member").await, Vec::<String>::new());
    assert_eq!(ids("manager").await, ["t-2"]);
    assert_eq!(ids("admin").await, ["t-0", "t-1", "t-2", "t-3", "t-9"]);
    // How many are in a team of two is not told, nor is it what is left of others.
    let teams = world.get("admin", "/v1/teams").await;
    let members: Vec<_> = teams["teams"].as_array().unwrap().iter().map(|t| t["members"].clone()).collect();
    assert_eq!(members, [json!(16), json!(null), json!(8), json!(null), json!(5)]);
    assert_eq!(
        world.get("manager", "/v1/whoami").await,
        json!({"role": "manager", "person": "boss", "name": "Boss", "teams": ["t-2"], "org": false})
    );
}

#[tokio::test]
async fn the_directory_shows_each_their_part() {
    let world = World::start().await;
    let people = async |role: &str| world.get(role, "/v1/directory").await["people"].as_array().unwrap().clone();
    assert_eq!(people("admin").await.len(), 21);
    let own = people("member").await;
    assert_eq!((own.len(), &own[0]["id"], &own[0]["aliases"][0]), (1, &json!("t-2.1"), &json!("slack:t-2.1")));
    let led = people("manager").await;
    assert_eq!(led.len(), 8);
    assert!(led.iter().filter(|p| p["id"] != "boss").all(|p| p["aliases"].is_null()), "aliases of others stay hidden");
    assert!(people("analyst").await.is_empty());
}
