//! The directory, tokens, and what the server says of itself.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::setting::*;

#[tokio::test]
async fn the_directory_is_replaced_and_changed() {
    let world = World::start().await;
    let document = json!({"teams": [{"id": "x", "name": "X"}], "people": [{"id": "p", "team": "x"}]});
    let answer = world.send(Method::PUT, "admin", "/v1/directory", Some(document)).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!((&answer["teams"], &answer["people"]), (&json!(1), &json!(1)));
    assert_eq!(world.status("admin", "/v1/teams/t-2/summary").await, 404);
    let patch = json!({"time_zone": "Asia/Tokyo", "manager": true});
    let answer = world.send(Method::PATCH, "admin", "/v1/directory/people/p", Some(patch)).await;
    let changed: Value = answer.json().await.unwrap();
    assert_eq!((&changed["time_zone"], &changed["manager"], &changed["team"]), (&json!("Asia/Tokyo"), &json!(true), &json!("x")));
    let patch = async |id: &str, body: Value| {
        problem(world.send(Method::PATCH, "admin", &format!("/v1/directory/people/{id}"), Some(body)).await).await.1
    };
    assert_eq!(patch("nobody", json!({"name": "N"})).await, "not_found");
    assert_eq!(patch("p", json!({"team": "nowhere"})).await, "bad_directory");
    assert_eq!(patch("p", json!({"tean": "x"})).await, "bad_directory");
    let bad = json!({"teams": [], "people": [{"id": "p", "team": "nowhere"}]});
    let answer = world.send(Method::PUT, "admin", "/v1/directory", Some(bad)).await;
    assert_eq!(problem(answer).await.1, "bad_directory");
}

#[tokio::test]
async fn people_come_as_csv() {
    let world = World::start().await;
    let put = |body: &'static str, kind: &'static str| {
        let request = world.client.put(format!("{}/v1/directory", world.base)).bearer_auth(secret("admin"));
        request.header("content-type", kind).body(body).send()
    };
    let answer = put("id,name,team\nada,Ada,t-2\nbob,Bob,t-new\n", "text/csv; charset=utf-8").await.unwrap();
    assert_eq!(answer.status(), 200);
    let stored = world.get("admin", "/v1/directory").await;
    assert_eq!(stored["people"].as_array().unwrap().len(), 2);
    assert_eq!(stored["teams"].as_array().unwrap().len(), 6);
    assert_eq!(problem(put("name\nAda\n", "text/csv").await.unwrap()).await.1, "bad_directory");
    assert_eq!(problem(put("<x/>", "application/xml").await.unwrap()).await.0, 415);
}

#[tokio::test]
async fn tokens_are_made_used_and_revoked() {
    let world = World::start().await;
    let made =
        world.send(Method::POST, "admin", "/v1/tokens", Some(json!({"name": "Ada", "role": "member", "person": "t-2.1"}))).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: Value = made.json().await.unwrap();
    let whoami = || world.client.get(format!("{}/v1/whoami", world.base)).bearer_auth(made["secret"].as_str().unwrap()).send();
    let answer: Value = whoami().await.unwrap().json().await.unwrap();
    assert_eq!((&answer["role"], &answer["person"]), (&json!("member"), &json!("t-2.1")));
    let listed = world.get("admin", "/v1/tokens").await;
    assert_eq!(listed["tokens"].as_array().unwrap().len(), 6);
    assert!(listed["tokens"].as_array().unwrap().iter().all(|t| t.get("secret").is_none() && t.get("hash").is_none()));
    let path = format!("/v1/tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(world.send(Method::DELETE, "admin", &path, None).await.status(), 204);
    assert_eq!(whoami().await.unwrap().status(), 401);
    assert_eq!(world.send(Method::DELETE, "admin", &path, None).await.status(), 404);
}

#[tokio::test]
async fn tokens_that_make_no_sense_are_refused() {
    let world = World::start().await;
    let check = async |body: Value, code: &str, field: Option<&str>| {
        let (status, found, named) = problem(world.send(Method::POST, "admin", "/v1/tokens", Some(body)).await).await;
        assert_eq!((status, found.as_str(), named.as_deref()), (400, code, field));
    };
    check(json!({"name": "", "role": "admin"}), "bad_parameter", Some("name")).await;
    check(json!({"name": "x", "role": "member"}), "bad_parameter", Some("person")).await;
    check(json!({"name": "x", "role": "admin", "expires_at": 5}), "bad_parameter", Some("expires_at")).await;
    check(json!({"name": "x", "role": "king"}), "bad_token", None).await;
    for (method, path) in
        [(Method::POST, "/v1/tokens"), (Method::PUT, "/v1/directory"), (Method::PATCH, "/v1/directory/people/p")]
    {
        assert_eq!(world.send(method, "manager", path, Some(json!({}))).await.status(), 403, "{path}");
    }
}

#[tokio::test]
async fn the_server_tells_how_it_is() {
    let world = World::start().await;
    let health = world.get("", "/healthz").await;
    assert_eq!(health["status"], "up");
    let ready = world.get("", "/readyz").await;
    let parts: Vec<&str> = ready["parts"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(parts, ["store", "control", "live", "log", "processors"]);
    let metrics = world.client.get(format!("{}/metrics", world.base)).send().await.unwrap();
    assert!(metrics.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(metrics.text().await.unwrap(), "# HELP up\nup 1\n");
    assert_eq!(world.get("", "/v1/openapi.json").await["openapi"], "3.1.0");
}

#[tokio::test]
async fn pages_come_from_the_binary_and_are_locked_down() {
    let world = World::start().await;
    for path in ["/", "/docs", "/team/t-1"] {
        let page = world.client.get(format!("{}{path}", world.base)).header("accept-encoding", "gzip").send().await.unwrap();
        assert_eq!(page.status(), 200, "{path}");
        let headers = page.headers();
        assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
        assert!(headers["content-security-policy"].to_str().unwrap().contains("default-src 'self'"), "{path}");
        assert!(headers["x-content-type-options"] == "nosniff" && headers["x-frame-options"] == "DENY", "{path}");
    }
    let script = world.client.get(format!("{}/docs/docs.js", world.base)).send().await.unwrap();
    assert!(script.headers()["content-type"].to_str().unwrap().starts_with("text/javascript"));
    for path in ["/assets/none.js", "/../../etc/passwd.txt", "/v1", "/v1/none"] {
        let found = world.status("", path).await;
        assert!(found == 404 || (path == "/v1" && found == 200), "{path}: {found}");
    }
    assert_eq!(world.send(Method::POST, "", "/", None).await.status(), 405);
}
