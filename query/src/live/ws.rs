//! `GET /v1/live`: the feed as a WebSocket.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, interval_at, sleep_until, timeout};

use super::session::{Revoked, Session};
use crate::Error;
use crate::app::{App, bearer};

const PROTOCOL: &str = "focusflow.v1";

pub async fn live(
    State(app): State<App>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Error> {
    let caller = app.caller(secret(&headers).ok_or(Error::NoToken)?)?;
    let upgrade = upgrade
        .map_err(|e| Error::BadBody { code: "bad_request", message: format!("this is a WebSocket: {}", e.body_text()) })?;
    let session = Session::new(app.clone(), caller)?;
    let max_message = app.config.live.max_message_bytes;
    // Small buffers: with the defaults ten thousand readers hold more than a gigabyte.
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(1 << 10)
        .write_buffer_size(0)
        .max_write_buffer_size(1 << 20)
        .max_message_size(max_message)
        .max_frame_size(max_message);
    Ok(upgrade.on_upgrade(move |socket| serve(app, session, socket)).into_response())
}

/// The token from the Authorization header, or as browsers pass it, among the subprotocols.
fn secret(headers: &HeaderMap) -> Option<&str> {
    let of_protocols = || {
        let lists = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter().filter_map(|v| v.to_str().ok());
        lists.flat_map(|list| list.split(',')).find_map(|protocol| protocol.trim().strip_prefix("bearer."))
    };
    bearer(headers).or_else(of_protocols)
}

/// Why a connection ends; none when there is nobody left to tell.
type Goodbye = Option<(u16, &'static str)>;

const STOPPING: Goodbye = Some((close_code::AWAY, "the server is stopping"));

const REVOKED: Goodbye = Some((close_code::POLICY, "the token is no longer valid"));

async fn serve(app: App, mut session: Session, mut socket: WebSocket) {
    let goodbye = talk(&app, &mut session, &mut socket).await;
    drop(session);
    if let Some((code, reason)) = goodbye {
        let frame = CloseFrame { code, reason: reason.into() };
        let _ = send(&mut socket, Message::Close(Some(frame)), Duration::from_secs(1)).await;
    }
}

async fn talk(app: &App, session: &mut Session, socket: &mut WebSocket) -> Goodbye {
    let config = &app.config.live;
    let mut control = app.deps.control.clone();
    let mut ping = interval_at(Instant::now() + config.ping, config.ping);
    let mut heard = Instant::now();
    let outbox = session.outbox.clone();
    loop {
        // All that waits goes out before anything is waited for.
        if let Err(goodbye) = drain(app, session, socket).await {
            return goodbye;
        }
        tokio::select! {
            () = app.deps.cancel.cancelled() => return STOPPING,
            () = outbox.news.notified() => {}
            () = sleep_until(heard + config.silence) => return Some((close_code::POLICY, "nothing heard for too long")),
            message = socket.recv() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => session.take(&text).await,
                    Some(Ok(Message::Binary(_))) => return Some((close_code::UNSUPPORTED, "messages are text")),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_))) | Some(Err(_)) | None => return None,
                }
            }
            // Rights are looked at again by `drain`.
            _ = ping.tick() => {
                if send(socket, Message::Ping("f".into()), config.silence).await.is_err() {
                    return None;
                }
            }
            changed = control.changed() => {
                if changed.is_err() {
                    return STOPPING;
                }
            }
        }
    }
}

async fn drain(app: &App, session: &mut Session, socket: &mut WebSocket) -> Result<(), Goodbye> {
    while let Some(message) = session.next().map_err(|Revoked| REVOKED)? {
        tokio::select! {
            () = app.deps.cancel.cancelled() => return Err(STOPPING),
            sent = send(socket, Message::Text(message.text), app.config.live.silence) => sent.map_err(|()| None)?,
        }
    }
    Ok(())
}

/// A reader that takes nothing for so long is gone; until then its outbox holds the latest state alone.
async fn send(socket: &mut WebSocket, message: Message, patience: Duration) -> Result<(), ()> {
    match timeout(patience, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(()),
    }
}
