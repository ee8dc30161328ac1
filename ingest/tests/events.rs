//! `POST /v1/events`, rule by rule, over a real socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use focusflow_ingest::Config;
use harness::*;
use schemas::control::Settings;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn an_object_an_array_and_lines_are_the_same() {
    let (a, b) = (activity("1", "ada"), activity("2", "bob"));
    for (content_type, body, n) in [
        ("application/json", a.clone(), 1),
        (
            "application/json; charset=utf-8",
            serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&a).unwrap()).unwrap(),
            1,
        ),
        ("application/json", format!("[{a},\n {b} ]"), 2),
        ("application/json", format!("{a}\n{b}"), 2),
        ("application/x-ndjson", format!("{a}\r\n\n{b}\n"), 2),
        ("APPLICATION/JSONL", format!("{a}\n{b}\n"), 2),
    ] {
        let server = start(Config::default()).await;
        assert_eq!(server.post(content_type, body.clone()).await, (202, json!({"accepted": n, "rejected": []})), "{body}");
        let mut kept = server.kept().await;
        kept.sort_by(|a, b| a.key.cmp(&b.key));
        assert_eq!(kept.iter().map(|k| &*k.key).collect::<Vec<_>>(), ["ada", "bob"][..n as usize]);
        assert!(kept.iter().all(|k| k.source == "watchers" && k.timestamp_ms == NOW));
        assert_eq!(schemas::decode::event(kept[0].value.as_bytes()), schemas::decode::event(a.as_bytes()));
    }
}

#[tokio::test]
async fn without_a_content_type_it_is_json_and_others_are_415() {
    let server = start(Config::default()).await;
    assert_eq!(answer(server.request().body(activity("1", "ada"))).await.0, 202);
    for content_type in ["text/plain", "application/xml", "", "multipart/form-data; boundary=x"] {
        let (status, problem) = server.post(content_type, activity("1", "ada")).await;
        assert_eq!((status, &problem["code"]), (415, &json!("unsupported_media_type")));
    }
    let request = server.request().header("content-encoding", "br").body(activity("1", "ada"));
    let (status, problem) = answer(request).await;
    assert_eq!((status, &problem["code"]), (415, &json!("unsupported_encoding")));
    let request =
        server.request().header("content-encoding", "gzip").header("content-encoding", "gzip").body(activity("1", "ada"));
    assert_eq!(answer(request).await.0, 415);
}

#[tokio::test]
async fn good_events_are_kept_and_bad_ones_named() {
    let server = start(Config::default()).await;
    let old = activity("3", "ada").replace(&NOW.to_string(), "1");
    let ahead = activity("4", "ada").replace(&NOW.to_string(), &(NOW + 86_400_001).to_string());
    let huge = activity("5", "ada").replace("Code", &"x".repeat(70_000));
    let body = format!("[{},7,{},{old},{ahead},{huge},{{\"id\":\"6\"}}]", activity("1", "ada"), activity("2", "bob"));
    let (status, answer) = server.post("application/json", body).await;
    assert_eq!((status, &answer["accepted"]), (202, &json!(2)));
    let rejected: Vec<(u64, &str)> = answer["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["index"].as_u64().unwrap(), r["code"].as_str().unwrap()))
        .collect();
    assert_eq!(rejected, [(1, "malformed"), (3, "too_old"), (4, "in_future"), (5, "too_large"), (6, "missing")]);
    assert!(answer["rejected"][4]["message"].as_str().unwrap().contains("`type`"));
    assert_eq!(server.kept().await.len(), 2);
}

#[tokio::test]
async fn a_broken_tail_is_reported_once_and_the_rest_kept() {
    let server = start(Config::default()).await;
    let (status, answer) =
        server.post("application/json", format!("[{},{},{{\"id\":", activity("1", "ada"), activity("2", "ada"))).await;
    assert_eq!((status, &answer["accepted"]), (202, &json!(2)));
    assert_eq!(answer["rejected"].as_array().unwrap().len(), 1);
    assert_eq!((&answer["rejected"][0]["index"], &answer["rejected"][0]["code"]), (&json!(2), &json!("malformed")));
}

#[tokio::test]
async fn nothing_usable_is_400_and_says_why() {
    let server = start(Config::default()).await;
    for (body, code) in [
        ("hello", "malformed"),
        ("[1]", "malformed"),
        (r#"{"type":"x","id":"1"}"#, "unknown_type"),
        ("[", "malformed"),
        ("{}", "missing"),
    ] {
        let (status, problem) = server.post("application/json", body).await;
        assert_eq!((status, &problem["code"]), (400, &json!("nothing_usable")), "{body}");
        assert_eq!(problem["rejected"][0]["code"], code, "{body}");
    }
    for body in ["", " \n "] {
        let (status, problem) = server.post("application/x-ndjson", body).await;
        assert_eq!((status, &problem["code"]), (400, &json!("empty")));
    }
    assert_eq!(server.post("application/json", "[]").await, (202, json!({"accepted": 0, "rejected": []})));
    assert!(server.kept().await.is_empty());
}

#[tokio::test]
async fn the_list_of_rejections_is_bounded_and_counted() {
    let server = start(Config { max_listed: 3, ..Config::default() }).await;
    let (status, problem) = server.post("application/x-ndjson", "1\n".repeat(50)).await;
    assert_eq!((status, problem["rejected"].as_array().unwrap().len(), &problem["rejected_total"]), (400, 3, &json!(50)));
    let (status, answer) = server.post("application/x-ndjson", format!("{}\n{}", activity("1", "ada"), "1\n".repeat(50))).await;
    assert_eq!((status, answer["rejected"].as_array().unwrap().len(), &answer["rejected_total"]), (202, 3, &json!(50)));
}

#[tokio::test]
async fn only_tokens_that_may_send_do() {
    let server = start(Config::default()).await;
    let url = format!("http://{}/v1/events", server.addr);
    let with = |value: Option<String>| {
        let request = server.client.post(&url).body(activity("1", "ada"));
        match value {
            Some(value) => request.header("authorization", value),
            None => request,
        }
    };
    for (value, status, code) in [
        (None, 401, "unauthorized"),
        (Some("Basic abc".into()), 401, "unauthorized"),
        (Some("Bearer".into()), 401, "unauthorized"),
        (Some("Bearer nobody".into()), 401, "unauthorized"),
        (Some(format!("Bearer {EXPIRED}")), 401, "unauthorized"),
        (Some(format!("Bearer {MEMBER}")), 403, "forbidden"),
    ] {
        let (found, problem) = answer(with(value.clone())).await;
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{value:?}");
    }
    for secret in [SENDER, ADMIN] {
        assert_eq!(answer(with(Some(format!("bearer {secret}")))).await.0, 202);
    }
    let response = with(None).send().await.unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    let (status, problem) = answer(server.client.get(&url)).await;
    assert_eq!((status, &problem["code"]), (405, &json!("method_not_allowed")));
    let sources: Vec<String> = server.kept().await.into_iter().map(|k| k.source).collect();
    assert_eq!(sources, ["watchers", "root"]);
}

#[tokio::test]
async fn a_new_token_counts_from_the_next_request() {
    let server = start(Config::default()).await;
    server.control.send(std::sync::Arc::new(schemas::control::Control::default())).unwrap();
    assert_eq!(server.post("application/json", activity("1", "ada")).await.0, 401);
    server.control.send(std::sync::Arc::new(control(Settings::default()))).unwrap();
    assert_eq!(server.post("application/json", activity("1", "ada")).await.0, 202);
}

#[tokio::test]
async fn aliases_become_people_and_one_person_has_one_partition() {
    let server = start(Config::default()).await;
    let users = ["email:ada@x.org", "slack:U1", "ada", "bob", "stranger", "email:who@x.org"];
    let body: Vec<String> = users.iter().enumerate().map(|(i, user)| activity(&i.to_string(), user)).collect();
    assert_eq!(server.post("application/json", format!("[{}]", body.join(","))).await.0, 202);
    let kept = server.kept().await;
    let of = |key: &str| kept.iter().filter(|k| k.key == key).collect::<Vec<_>>();
    assert_eq!((of("ada").len(), of("bob").len(), of("stranger").len(), of("email:who@x.org").len()), (3, 1, 1, 1));
    for record in &kept {
        assert_eq!(record.partition, eventlog::partition_of(record.key.as_bytes(), 4));
    }
    // In the order they came, and untouched.
    assert_eq!(of("ada").iter().map(|k| &k.value).collect::<Vec<_>>(), [&body[0], &body[1], &body[2]]);
}

#[tokio::test]
async fn what_may_not_be_kept_never_lands() {
    let message = format!(
        r#"{{"id":"m","type":"message","user":"ada","ts":{NOW},"channel":"slack","kind":"dm","direction":"sent","text":"hush"}}"#
    );
    let page = format!(
        r#"{{"id":"p","type":"activity","user":"ada","ts":{NOW},"app":"firefox","duration_ms":1,"title":"hush - YouTube","url":"https://hush.org"}}"#
    );
    let odd = format!(
        r#"{{"id":"o","type":"session","user":"ada","ts":{NOW},"session":"s","kind":"focus","phase":"start","text":"hush","title":"hush","\u0075rl":"hush","x":1}}"#
    );
    let body = format!("{message}\n{page}\n{odd}");
    let server = start(Config::default()).await;
    assert_eq!(server.post("application/x-ndjson", body.clone()).await.0, 202);
    let kept = server.kept().await;
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().all(|k| !k.value.contains("hush")), "{kept:?}");
    assert!(kept[1].value.contains(r#""category":"entertainment""#), "{}", kept[1].value);
    assert!(kept[2].value.ends_with(r#""x":1}"#), "{}", kept[2].value);
    let keeping = start_with(Config::default(), Settings { keep_titles: true, keep_urls: true }).await;
    assert_eq!(keeping.post("application/x-ndjson", body).await.0, 202);
    let kept = keeping.kept().await;
    assert!(!kept[0].value.contains("hush") && kept[1].value.contains("hush - YouTube") && kept[1].value.contains("hush.org"));
}

/// Whatever a producer calls what may not be kept, and however deep it hides it.
#[tokio::test]
async fn private_fields_land_under_no_other_name() {
    const WORDING: &[&str] = &["text", "Text", "body", "content", "message", "subject", "preview", "snippet", "HTML"];
    let names = ["Title", "window_title", "windowTitle", "page-title", "URL", "uri", "href"].iter().chain(WORDING);
    let mut lines = String::new();
    let mut count = 0;
    for name in names {
        for member in [
            format!(r#""{name}":"hush""#),
            format!(r#""data":{{"app":"firefox","{name}":"hush"}}"#),
            format!(r#""message":{{"{name}":"hush"}}"#),
            format!(r#""a":[{{"b":{{"{name}":["hush"]}}}}]"#),
        ] {
            for (kind, rest) in [
                ("activity", r#""app":"firefox","duration_ms":1"#),
                ("message", r#""channel":"slack","kind":"dm","direction":"sent""#),
                ("session", r#""session":"s","kind":"focus","phase":"start""#),
            ] {
                lines += &format!("{{\"id\":\"{count}\",\"type\":\"{kind}\",\"user\":\"ada\",\"ts\":{NOW},{rest},{member}}}\n");
                count += 1;
            }
        }
    }
    let server = start(Config::default()).await;
    let (status, answer) = server.post("application/x-ndjson", lines.clone()).await;
    assert_eq!((status, &answer["accepted"]), (202, &json!(count)), "{answer}");
    let kept = server.kept().await;
    assert_eq!(kept.len(), count);
    for record in &kept {
        assert!(!record.value.contains("hush"), "{}", record.value);
    }
    // Where titles and URLs are kept, the wording of messages is not.
    let keeping = start_with(Config::default(), Settings { keep_titles: true, keep_urls: true }).await;
    assert_eq!(keeping.post("application/x-ndjson", lines).await.0, 202);
    let kept = keeping.kept().await;
    let with_it = kept.iter().filter(|record| record.value.contains("hush"));
    let count = with_it.inspect(|r| assert!(!WORDING.iter().any(|name| r.value.contains(&format!("\"{name}\":\"hush")))));
    assert_eq!(count.count(), 7 * 4 * 3);
}

#[tokio::test]
async fn gzip_and_zstd_are_read_and_lies_refused() {
    let server = start(Config::default()).await;
    let body = format!("[{},{}]", activity("1", "ada"), activity("2", "bob"));
    let send = |encoding: &'static str, bytes: Vec<u8>| answer(server.request().header("content-encoding", encoding).body(bytes));
    let zstd = zstd::encode_all(body.as_bytes(), 3).unwrap();
    let gzipped = gzip(body.as_bytes());
    for (encoding, bytes) in
        [("gzip", gzipped.clone()), ("x-gzip", gzipped.clone()), ("ZSTD", zstd.clone()), ("identity", body.clone().into_bytes())]
    {
        let (status, answer) = send(encoding, bytes).await;
        assert_eq!((status, &answer["accepted"]), (202, &json!(2)), "{encoding}");
    }
    // Members and frames may follow one another.
    let (first, second) = body.split_at(30);
    assert_eq!(send("gzip", [gzip(first.as_bytes()), gzip(second.as_bytes())].concat()).await.0, 202);
    let cut = |bytes: &[u8]| bytes[..bytes.len() - 6].to_vec();
    for (encoding, bytes) in [
        ("gzip", body.clone().into_bytes()),
        ("zstd", body.clone().into_bytes()),
        ("gzip", cut(&gzipped)),
        ("zstd", cut(&zstd)),
        ("gzip", zstd),
    ] {
        let (status, problem) = send(encoding, bytes).await;
        assert_eq!((status, &problem["code"]), (400, &json!("bad_encoding")), "{encoding}");
    }
}

#[tokio::test]
async fn size_is_bounded_before_and_after_decompression() {
    let server = start(Config { max_body_bytes: 100_000, ..Config::default() }).await;
    let at_most = |n: usize| format!("{}{}", activity("1", "ada"), " ".repeat(n - activity("1", "ada").len()));
    assert_eq!(server.post("application/json", at_most(100_000)).await.0, 202);
    let (status, problem) = server.post("application/json", at_most(100_001)).await;
    assert_eq!((status, &problem["code"]), (413, &json!("too_large")));
    let unannounced = futures::stream::iter((0..101).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1000])));
    assert_eq!(server.post("application/json", reqwest::Body::wrap_stream(unannounced)).await.0, 413);
    let bomb = vec![b' '; 200_000_000];
    for (encoding, bytes) in [("gzip", gzip(&bomb)), ("zstd", zstd::encode_all(&bomb[..], 1).unwrap())] {
        let request = server.request().header("content-encoding", encoding).body(bytes[..bytes.len().min(100_000)].to_vec());
        assert_eq!(answer(request).await.0, 413, "{encoding}");
    }
    let mut wide = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    wide.window_log(27).unwrap();
    wide.write_all(at_most(90_000).as_bytes()).unwrap();
    let request = server.request().header("content-encoding", "zstd").body(wide.finish().unwrap());
    assert_eq!(answer(request).await.0, 400);
}

#[tokio::test]
async fn a_202_waits_until_the_log_has_it() {
    let server = start(Config::default()).await;
    server.gate(true);
    let posted = tokio::spawn(server.request().body(activity("1", "ada")).send());
    while server.log.waiting.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!posted.is_finished());
    server.gate(false);
    assert_eq!(posted.await.unwrap().unwrap().status(), 202);
}

#[tokio::test]
async fn a_full_server_and_a_broken_log_say_when_to_come_back() {
    let server = start(Config { max_in_flight: 1, append_timeout: Duration::from_secs(2), ..Config::default() }).await;
    server.gate(true);
    let first = tokio::spawn(answer(server.request().body(activity("1", "ada"))));
    while server.log.waiting.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (status, problem) = server.post("application/json", activity("2", "ada")).await;
    assert_eq!((status, &problem["code"]), (503, &json!("busy")));
    let (status, problem) = first.await.unwrap();
    assert_eq!((status, &problem["code"]), (503, &json!("unavailable")));
    server.gate(false);
    server.log.broken.store(true, Ordering::SeqCst);
    let (status, problem) = server.post("application/json", activity("3", "ada")).await;
    assert_eq!((status, &problem["code"]), (503, &json!("unavailable")));
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("the event log's disk is full") && !detail.contains("/var/lib"), "{detail}");
    server.log.broken.store(false, Ordering::SeqCst);
    assert_eq!(server.post("application/json", activity("4", "ada")).await.0, 202);
}

#[tokio::test]
async fn one_token_leaves_room_for_the_others() {
    let server = start(Config { max_in_flight: 4, max_in_flight_per_token: 1, ..Config::default() }).await;
    for round in 0..3 {
        server.gate(true);
        let first = tokio::spawn(answer(server.request().body(activity(&format!("a{round}"), "ada"))));
        while server.log.waiting.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let refused = server.request().body(activity("b", "ada")).send().await.unwrap();
        assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"1".parse().unwrap()));
        assert!(refused.text().await.unwrap().contains(r#""code":"too_many_requests""#));
        let other = server.client.post(format!("http://{}/v1/events", server.addr)).bearer_auth(ADMIN);
        let other = tokio::spawn(answer(other.body(activity(&format!("c{round}"), "ada"))));
        tokio::time::sleep(Duration::from_millis(20)).await;
        server.gate(false);
        assert_eq!((first.await.unwrap().0, other.await.unwrap().0), (202, 202));
    }
}

#[tokio::test]
async fn bytes_in_flight_are_bounded_and_given_back() {
    let server = start(Config { max_in_flight_bytes: 70_000, ..Config::default() }).await;
    let body = |n: usize| (0..n).map(|i| activity(&i.to_string(), "ada") + "\n").collect::<String>();
    for _ in 0..5 {
        assert_eq!(server.post("application/x-ndjson", body(200)).await.0, 202);
        let (status, problem) = server.post("application/x-ndjson", body(300)).await;
        assert_eq!((status, &problem["code"]), (503, &json!("busy")));
        let request = server.request().header("content-encoding", "gzip").body(gzip(body(600).as_bytes()));
        assert_eq!(answer(request).await.0, 503);
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let server = start(Config { body_timeout: Duration::from_millis(100), ..Config::default() }).await;
    let mut socket = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    let head = format!("POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {SENDER}\r\ncontent-length: 1000\r\n\r\n{{");
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

/// The first line of the answer, and whether the server then hung up, after a head that announces a body that never comes.
async fn refused_unread(server: &Server, head: &str) -> (String, bool) {
    let mut socket = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    socket.write_all(format!("POST /v1/events HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_millis(500), socket.read_to_end(&mut answer)).await.is_ok();
    (String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned(), ended)
}

#[tokio::test]
async fn whoever_is_refused_cannot_have_megabytes_read() {
    let server = start(Config::default()).await;
    for (head, status) in [
        ("content-length: 16000000", 401),
        ("transfer-encoding: chunked", 401),
        ("content-length: 10\r\nexpect: 100-continue", 401),
        (&format!("authorization: Bearer {MEMBER}\r\ncontent-length: 16000000"), 403),
        (&format!("authorization: Bearer {SENDER}\r\ncontent-type: text/plain\r\ncontent-length: 16000000"), 415),
    ] {
        let (line, ended) = refused_unread(&server, head).await;
        assert!(line.starts_with(&format!("HTTP/1.1 {status}")) && ended, "{head}: {line}");
    }
    // A short one is read, so that the connection can be used again.
    let mut socket = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    for _ in 0..2 {
        socket.write_all(b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello").await.unwrap();
        let mut answer = vec![0; 4096];
        let n = socket.read(&mut answer).await.unwrap();
        assert!(answer[..n].starts_with(b"HTTP/1.1 401"));
    }
}

/// The work on a body goes on when its client has left, and its place is taken until then.
#[tokio::test]
async fn a_client_that_leaves_keeps_its_place_until_its_work_is_done() {
    let (working, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let clock = {
        let (working, done, calls) = (working.clone(), done.clone(), AtomicU64::new(0));
        move || {
            // Asked for the token first, then by the work on the body.
            if calls.fetch_add(1, Ordering::SeqCst) == 1 {
                working.store(true, Ordering::SeqCst);
                while !done.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            NOW
        }
    };
    let server = start_at(Config { max_in_flight: 1, ..Config::default() }, Settings::default(), Arc::new(clock)).await;
    let body: String = (0..2_000).map(|i| activity(&i.to_string(), "ada") + "\n").collect();
    let posted = tokio::spawn(server.request().header("content-type", "application/x-ndjson").body(body).send());
    while !working.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    posted.abort();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.post("application/json", activity("x", "ada")).await.0, 503);
    done.store(true, Ordering::SeqCst);
    while server.post("application/json", activity("x", "ada")).await.0 == 503 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_large_batch_goes_through() {
    let server = start(Config::default()).await;
    let body: String = (0..100_000).map(|i| activity(&format!("e{i}"), &format!("u{}", i % 997)) + "\n").collect();
    assert!(body.len() > 8 << 20);
    let (status, answer) = server.post("application/x-ndjson", body).await;
    assert_eq!((status, &answer["accepted"]), (202, &json!(100_000)));
    assert_eq!(server.kept().await.len(), 100_000);
}
