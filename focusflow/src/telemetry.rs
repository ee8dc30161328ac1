//! Logs on standard error, the audit log in a file, metrics for `/metrics`, and panics that show up in both.

mod audit;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use audit::{AuditFile, Sinks};

use crate::config::{Log, LogFormat};

const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// Milliseconds from a fraction of one to half a minute.
const MS_BUCKETS: [f64; 15] =
    [0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 10_000.0, 30_000.0];
/// The same in seconds.
const SECONDS_BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Powers of eight, for counts and sizes.
const SIZE_BUCKETS: [f64; 9] = [1.0, 8.0, 64.0, 512.0, 4_096.0, 32_768.0, 262_144.0, 2_097_152.0, 16_777_216.0];

pub fn install_logs(log: &Log, data: &Path) -> Result<()> {
    let audit = (!log.audit.as_os_str().is_empty()).then(|| Arc::new(AuditFile::new(data.join(&log.audit))));
    let logs = tracing_subscriber::fmt().with_env_filter(filter(&log.filter)?).with_ansi(false).with_writer(Sinks { audit });
    let installed = match log.format {
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
        LogFormat::Human => logs.compact().with_target(true).try_init(),
    };
    installed.map_err(|e| anyhow!("logs cannot be set up: {e}"))?;
    log_panics();
    Ok(())
}

/// What is set, and always the audit log: who looked at whose data is not for a filter to hide.
fn filter(set: &str) -> Result<EnvFilter> {
    let filter = EnvFilter::try_new(set)
        .map_err(|e| anyhow!("log.filter = {set:?}: {e}; a filter looks like \"info,processors=debug\""))?;
    Ok(filter.add_directive("audit=info".parse().context("the audit log's directive")?))
}

/// A panic is a log line like any other; the part it happened in then ends and takes the process down in order.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "somewhere".to_owned(), ToString::to_string);
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into());
        let trace = std::backtrace::Backtrace::capture();
        tracing::error!(%place, %trace, "panic: {text}");
    }));
}

/// Where metrics are gathered; `render` gives Prometheus text. There is no listener of its own.
pub fn install_metrics() -> Result<PrometheusHandle> {
    let buckets: [(&str, &[f64]); 4] =
        [("_ms", &MS_BUCKETS), ("_seconds", &SECONDS_BUCKETS), ("_bytes", &SIZE_BUCKETS), ("_events", &SIZE_BUCKETS)];
    let mut builder = PrometheusBuilder::new();
    for (suffix, bounds) in buckets {
        builder = builder.set_buckets_for_metric(Matcher::Suffix(suffix.into()), bounds).context("metric buckets")?;
    }
    builder.install_recorder().context("metrics cannot be set up")
}

/// Histograms hold what was recorded since the last look at them; this looks.
pub async fn upkeep(metrics: PrometheusHandle, cancel: CancellationToken) -> Result<()> {
    while cancel.run_until_cancelled(tokio::time::sleep(UPKEEP_EVERY)).await.is_some() {
        metrics.run_upkeep();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_filter_hides_the_audit_log() {
        for set in ["warn", "error", "off", "audit=off", "warn,audit=error"] {
            let written = Written::default();
            let out = written.clone();
            let logs = tracing_subscriber::fmt().with_env_filter(filter(set).unwrap()).with_writer(move || out.clone());
            tracing::subscriber::with_default(logs.finish(), || {
                tracing::info!(target: "audit", what = "summary", "access");
                tracing::info!("nothing of note");
            });
            let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
            assert!(text.contains("summary") && text.lines().count() == 1, "{set}: {text}");
        }
    }
}
