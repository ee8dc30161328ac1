//! Every route, once: the router is made of this list, and a test holds it against `schemas/openapi.json`.

use std::time::Instant;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, patch, post};

use crate::app::App;
use crate::live::{sse, ws};
use crate::rest::{advice, burnout, me, outlook, team};
use crate::{Error, assets, directory, metrics, models, service, sql, tokens};

type Route = (&'static str, &'static [&'static str], MethodRouter<App>);

fn routes() -> Vec<Route> {
    vec![
        ("/v1/directory", &["get", "put"], get(directory::read).put(directory::put)),
        ("/v1/directory/people/{id}", &["patch"], patch(directory::patch)),
        ("/v1/sql", &["post"], post(sql::sql)),
        ("/v1/whoami", &["get"], get(service::whoami)),
        ("/v1/teams", &["get"], get(team::teams)),
        ("/v1/teams/{id}/summary", &["get"], get(team::team_summary)),
        ("/v1/teams/{id}/timeline", &["get"], get(team::team_timeline)),
        ("/v1/teams/{id}/heatmap", &["get"], get(team::team_heatmap)),
        ("/v1/teams/{id}/trends", &["get"], get(team::team_trends)),
        ("/v1/teams/{id}/burnout", &["get"], get(burnout::of_team)),
        ("/v1/org/summary", &["get"], get(team::org_summary)),
        ("/v1/org/timeline", &["get"], get(team::org_timeline)),
        ("/v1/org/heatmap", &["get"], get(team::org_heatmap)),
        ("/v1/org/trends", &["get"], get(team::org_trends)),
        ("/v1/org/burnout", &["get"], get(burnout::of_org)),
        ("/v1/me/summary", &["get"], get(me::summary)),
        ("/v1/me/timeline", &["get"], get(me::timeline)),
        ("/v1/me/heatmap", &["get"], get(me::heatmap)),
        ("/v1/me/trends", &["get"], get(me::trends)),
        ("/v1/me/blocks", &["get"], get(me::blocks)),
        ("/v1/me/interruptions", &["get"], get(me::interruptions)),
        ("/v1/me/burnout", &["get"], get(me::burnout)),
        ("/v1/burnout/accuracy", &["get"], get(models::accuracy::accuracy)),
        ("/v1/models", &["get", "post"], get(models::http::list).post(models::http::add)),
        ("/v1/models/turns", &["post"], post(models::http::turn)),
        ("/v1/me/outlook", &["get"], get(outlook::outlook)),
        ("/v1/me/advice", &["get"], get(advice::mine)),
        ("/v1/me/advice/{id}/not-useful", &["post", "delete"], post(advice::not_useful).delete(advice::useful_after_all)),
        ("/v1/advice/feedback", &["get"], get(advice::feedback)),
        ("/v1/live", &["get"], get(ws::live)),
        ("/v1/live/events", &["get"], get(sse::events)),
        ("/v1/tokens", &["get", "post"], get(tokens::list).post(tokens::create)),
        ("/v1/tokens/{id}", &["delete"], delete(tokens::revoke)),
        ("/v1/openapi.json", &["get"], get(service::openapi)),
        ("/docs", &["get"], get(assets::docs)),
        ("/healthz", &["get"], get(service::healthz)),
        ("/readyz", &["get"], get(service::readyz)),
        ("/metrics", &["get"], get(service::metrics)),
    ]
}

pub fn router(app: App) -> Router {
    let mut router = Router::new();
    for (path, _, methods) in routes() {
        let methods = methods.fallback(|| async { Error::MethodNotAllowed.into_response() });
        router = router.route(path, methods.layer(from_fn(move |request, next| watch(path, request, next))));
    }
    router.with_state(app).fallback_service(assets::router())
}

/// Counts and times each request under its route, and adds what every answer carries.
async fn watch(route: &'static str, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let mut response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    ::metrics::histogram!(metrics::REQUEST_SECONDS, "route" => route).record(started.elapsed().as_secs_f64());
    ::metrics::counter!(metrics::REQUESTS, "route" => route, "status" => status).increment(1);
    assets::secure(&mut response);
    // Figures of people are nobody's to keep on the way.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_document_lists_the_routes_and_no_others() {
        let served: BTreeSet<(String, String)> = routes()
            .iter()
            .flat_map(|(path, methods, _)| methods.iter().map(|m| ((*path).to_owned(), (*m).to_owned())).collect::<Vec<_>>())
            .collect();
        let document: serde_json::Value = serde_json::from_str(service::OPENAPI).unwrap();
        let mut documented = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            documented.extend(methods.as_object().unwrap().keys().map(|m| (path.clone(), m.clone())));
        }
        // Events come in through `ingest`, which shares the document.
        assert!(documented.remove(&("/v1/events".into(), "post".into())));
        assert_eq!(served, documented);
    }

    #[test]
    fn every_reference_in_the_document_leads_somewhere() {
        let document: serde_json::Value = serde_json::from_str(service::OPENAPI).unwrap();
        fn walk(node: &serde_json::Value, document: &serde_json::Value) {
            if let Some(reference) = node["$ref"].as_str() {
                assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
            }
            match node {
                serde_json::Value::Object(map) => map.values().for_each(|value| walk(value, document)),
                serde_json::Value::Array(list) => list.iter().for_each(|value| walk(value, document)),
                _ => {}
            }
        }
        walk(&document, &document);
    }
}
