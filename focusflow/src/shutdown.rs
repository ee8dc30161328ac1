//! Running as named parts, and stopping them in order under one deadline.
//!
//!     intake → processors → store → sockets → …      each is told to stop when the one before it has
//!
//! A part is a future that ends after its own token is cancelled. One that ends or panics before that takes the others
//! the same way down, and the process ends with an error.

use std::future::Future;
use std::time::Duration;

use anyhow::{Result, anyhow};
use futures::FutureExt;
use futures::future::{BoxFuture, select_all};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const SAY_PENDING_EVERY: Duration = Duration::from_secs(5);

/// In the order they stop in.
#[derive(Default)]
pub struct Parts {
    parts: Vec<Part>,
}

struct Part {
    name: &'static str,
    cancel: CancellationToken,
    task: JoinHandle<Result<()>>,
}

#[derive(Debug)]
pub enum End {
    Signal(&'static str),
    /// A part ended by itself.
    Died(&'static str, anyhow::Error),
}

impl Parts {
    /// Starts a part that stops after all those added before it.
    pub fn start<F>(&mut self, name: &'static str, make: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let cancel = CancellationToken::new();
        let task = tokio::spawn(make(cancel.clone()));
        self.parts.push(Part { name, cancel, task });
    }

    /// Waits for a signal to stop or for a part to die, whichever is first.
    pub async fn wait(&mut self, signal: impl Future<Output = &'static str>) -> End {
        let died = select_all(self.parts.iter_mut().map(|p| {
            let name = p.name;
            (&mut p.task).map(move |ended| (name, reason(ended))).boxed()
        }));
        let (end, index) = tokio::select! {
            name = signal => (End::Signal(name), None),
            ((name, error), index, _) = died => (End::Died(name, error), Some(index)),
        };
        if let Some(index) = index {
            self.parts.remove(index);
        }
        if let End::Died(name, error) = &end {
            tracing::error!(part = name, error = format!("{error:#}"), "a part died, the others are stopped");
        }
        end
    }

    /// Stops the parts one after another. Err names those that failed or were cut off at the deadline.
    pub async fn stop(self, within: Duration) -> Result<()> {
        let deadline = Instant::now() + within;
        // One that hangs must not take the time the others need to end well.
        let kept_for_each = within / (2 * self.parts.len().max(1) as u32);
        let mut failed = Vec::new();
        let names: Vec<&str> = self.parts.iter().map(|p| p.name).collect();
        for (i, part) in self.parts.into_iter().enumerate() {
            part.cancel.cancel();
            let after_it = u32::try_from(names.len() - i - 1).unwrap_or(0);
            if let Err(error) = finish(part, &names[i..], deadline - after_it * kept_for_each).await {
                tracing::error!(error = format!("{error:#}"), "while stopping");
                failed.push(format!("{error:#}"));
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(anyhow!("not everything stopped in order: {}", failed.join("; "))) }
    }
}

async fn finish(part: Part, pending: &[&str], deadline: Instant) -> Result<()> {
    let Part { name, mut task, .. } = part;
    loop {
        let next = (Instant::now() + SAY_PENDING_EVERY).min(deadline);
        match tokio::time::timeout_at(next, &mut task).await {
            Ok(Ok(result)) => return result.map_err(|e| e.context(name)),
            Ok(Err(panic)) => return Err(anyhow!("{name}: {panic}")),
            Err(_) if Instant::now() >= deadline => {
                task.abort();
                return Err(anyhow!("{name} did not stop in time and was cut off"));
            }
            Err(_) => tracing::warn!(pending = pending.join(", "), "still stopping"),
        }
    }
}

fn reason(ended: Result<Result<()>, tokio::task::JoinError>) -> anyhow::Error {
    match ended {
        Ok(Ok(())) => anyhow!("it ended although nobody asked it to"),
        Ok(Err(error)) => error,
        Err(panic) => anyhow!("{panic}"),
    }
}

/// SIGTERM or SIGINT. A second one, while stopping, ends the process at once: what is acknowledged is durable anyway.
pub fn signal() -> Result<BoxFuture<'static, &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (first, received) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let name = tokio::select! { _ = terminate.recv() => "SIGTERM", _ = interrupt.recv() => "SIGINT" };
        // Nobody waits any more: then it is stopping already.
        let _ = first.send(name);
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        std::process::exit(130);
    });
    Ok(async move { received.await.unwrap_or("the end of the signal listener") }.boxed())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    type Log = Arc<Mutex<Vec<&'static str>>>;

    fn part(log: &Log, name: &'static str) -> impl FnOnce(CancellationToken) -> BoxFuture<'static, Result<()>> {
        let log = Arc::clone(log);
        move |cancel| {
            async move {
                cancel.cancelled().await;
                tokio::task::yield_now().await;
                log.lock().unwrap().push(name);
                Ok(())
            }
            .boxed()
        }
    }

    #[tokio::test]
    async fn parts_stop_in_order() {
        let log = Log::default();
        let mut parts = Parts::default();
        for name in ["intake", "processors", "store"] {
            parts.start(name, part(&log, name));
        }
        assert!(matches!(parts.wait(async { "SIGTERM" }).await, End::Signal("SIGTERM")));
        parts.stop(Duration::from_secs(5)).await.unwrap();
        assert_eq!(*log.lock().unwrap(), ["intake", "processors", "store"]);
    }

    #[tokio::test]
    async fn a_part_that_dies_takes_the_others_along_in_order() {
        let log = Log::default();
        let mut parts = Parts::default();
        parts.start("intake", part(&log, "intake"));
        parts.start("processors", |_| async { panic!("a bug") });
        parts.start("store", part(&log, "store"));
        assert!(matches!(parts.wait(std::future::pending()).await, End::Died("processors", _)));
        parts.stop(Duration::from_secs(5)).await.unwrap();
        assert_eq!(*log.lock().unwrap(), ["intake", "store"]);
    }

    #[tokio::test]
    async fn one_that_hangs_is_cut_off_at_the_deadline_and_named() {
        let log = Log::default();
        let mut parts = Parts::default();
        parts.start("processors", |_| std::future::pending());
        parts.start("store", part(&log, "store"));
        let error = parts.stop(Duration::from_millis(200)).await.unwrap_err().to_string();
        assert!(error.contains("processors"), "{error}");
        assert_eq!(*log.lock().unwrap(), ["store"], "the next still gets its turn");
    }
}
