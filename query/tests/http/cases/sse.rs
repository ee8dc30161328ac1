//! The live feed as Server-Sent Events.

use futures::StreamExt;
use serde_json::{Value, json};

use super::setting::*;

/// The next event of a stream: its fields by name.
async fn event(
    body: &mut (impl futures::Stream<Item = reqwest::Result<bytes::Bytes>> + Unpin),
    rest: &mut String,
) -> (String, u64, Value) {
    soon(async {
        loop {
            if let Some((event, after)) = rest.clone().split_once("\n\n") {
                *rest = after.to_owned();
                let field = |name: &str| event.lines().find_map(|l| l.strip_prefix(name)).map(|v| v.trim().to_owned());
                if let Some(data) = field("data:") {
                    let id = field("id:").unwrap_or_default();
                    let first = id.split(',').next().unwrap_or_default().parse().unwrap_or_default();
                    return (field("event:").unwrap_or_default(), first, serde_json::from_str(&data).unwrap());
                }
                continue;
            }
            rest.push_str(std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap());
        }
    })
    .await
}

#[tokio::test]
async fn server_sent_events_are_the_same_feed() {
    let world = World::start().await;
    let open = |id: Option<String>| {
        let request =
            world.client.get(format!("{}/v1/live/events?topic=team%3At-2&topic=me", world.base)).bearer_auth(secret("manager"));
        match id {
            Some(id) => request.header("last-event-id", id),
            None => request,
        }
        .send()
    };
    let response = open(None).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let (mut body, mut rest) = (response.bytes_stream(), String::new());
    let (kind, seq, message) = event(&mut body, &mut rest).await;
    assert_eq!((kind.as_str(), &message["sub"], &message["data"]["n"]), ("snapshot", &json!("team:t-2"), &json!(7)));
    assert_eq!(message["seq"], seq);
    let (_, _, me) = event(&mut body, &mut rest).await;
    assert_eq!(me["sub"], "me");
    world.publish(update("t-2.1", "t-2", 3 * HOUR)).await;
    let (kind, next, delta) = event(&mut body, &mut rest).await;
    assert_eq!((kind.as_str(), next), ("delta", seq + 1));
    drop(body);
    let (mut body, mut rest) = (open(Some(format!("{seq},{}", me["seq"]))).await.unwrap().bytes_stream(), String::new());
    let (kind, id, again) = event(&mut body, &mut rest).await;
    assert_eq!((kind.as_str(), id, &again), ("delta", seq + 1, &delta));
    assert_eq!(world.problem("manager", "/v1/live/events").await.2.as_deref(), Some("topic"));
    assert_eq!(world.problem("manager", "/v1/live/events?topic=org").await.1, "forbidden");
    assert_eq!(world.problem("manager", "/v1/live/events?topic=weather").await.2.as_deref(), Some("topic"));
}
