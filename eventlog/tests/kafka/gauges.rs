//! The gauges of this process, by name: a recorder for tests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use metrics::{Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

#[derive(Clone, Default)]
pub struct Gauges(Arc<Mutex<HashMap<String, f64>>>);

impl Gauges {
    /// For the whole process, once.
    pub fn install() -> Gauges {
        let gauges = Gauges::default();
        metrics::set_global_recorder(gauges.clone()).map_err(|e| e.to_string()).unwrap();
        gauges
    }

    /// The last value, whatever its labels.
    pub fn get(&self, name: &str) -> f64 {
        let known = self.0.lock().unwrap();
        *known.get(name).unwrap_or_else(|| panic!("{name} was never set: {known:?}"))
    }
}

struct One {
    gauges: Gauges,
    name: String,
}

impl GaugeFn for One {
    fn increment(&self, value: f64) {
        *self.gauges.0.lock().unwrap().entry(self.name.clone()).or_default() += value;
    }

    fn decrement(&self, value: f64) {
        self.increment(-value);
    }

    fn set(&self, value: f64) {
        self.gauges.0.lock().unwrap().insert(self.name.clone(), value);
    }
}

impl Recorder for Gauges {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Arc::new(One { gauges: self.clone(), name: key.name().to_owned() }))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
