//! What is said of a metric of several people: mean, median and 90th percentile, the latter two by linear interpolation
//! between closest ranks (type 7).

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Stat {
    pub mean: f64,
    pub median: f64,
    pub p90: f64,
}

impl Stat {
    /// None of nothing. Reorders the values.
    pub fn of(values: &mut [f64]) -> Option<Stat> {
        if values.is_empty() {
            return None;
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Some(Stat { mean, median: percentile(values, 0.5), p90: percentile(values, 0.9) })
    }
}

/// Of at least one value. Selection instead of a sort: a month of an organisation is tens of thousands of values a metric.
fn percentile(values: &mut [f64], p: f64) -> f64 {
    let rank = p * (values.len() - 1) as f64;
    let below = rank.floor() as usize;
    let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    match above.iter().copied().min_by(f64::total_cmp) {
        Some(high) if rank > below as f64 => low + (rank - below as f64) * (high - low),
        _ => low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f64], median: f64, p90: f64) {
        let mut values = values.to_vec();
        let stat = Stat::of(&mut values).unwrap();
        assert!((stat.median - median).abs() < 1e-12 && (stat.p90 - p90).abs() < 1e-12, "{values:?}: {stat:?}");
    }

    #[test]
    fn percentiles_interpolate_between_closest_ranks() {
        check(&[7.0], 7.0, 7.0);
        check(&[2.0, 1.0], 1.5, 1.9);
        check(&[5.0, 1.0, 4.0, 2.0, 3.0], 3.0, 4.6);
        check(&[10.0, 20.0, 40.0, 30.0], 25.0, 37.0);
        assert_eq!(Stat::of(&mut []), None);
    }
}
