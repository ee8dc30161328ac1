//! The two scores, from sums.

use super::day::Daily;

const HOUR_MS: f64 = 3_600_000.0;

/// 0-100: how much of the focus in a span the interruptions in it cost.
pub fn interruption_score(load: f64, focus_covered_ms: i64) -> f64 {
    let hours = (focus_covered_ms as f64 / HOUR_MS).max(0.5);
    100.0 * (1.0 - (-load / (5.77 * hours)).exp())
}

/// 0-100 from the figures as the row shows them; none under 30 minutes active.
pub fn focus_score(day: &Daily) -> Option<f64> {
    if day.active_ms < 30 * 60_000 {
        return None;
    }
    let focus = (day.focus_ms as f64 / (4.0 * HOUR_MS)).min(1.0);
    let stretch = (day.stretch_ms as f64 / (45.0 * 60_000.0)).min(1.0);
    let kept = if day.sessions == 0 { 1.0 } else { day.sessions_completed as f64 / day.sessions as f64 };
    Some(100.0 * (0.4 * focus + 0.3 * stretch + 0.2 * (1.0 - day.interruption_score / 100.0) + 0.1 * kept))
}

/// Σ len² / Σ len, half up; 0 without runs.
pub fn stretch_ms(lengths: impl Iterator<Item = i64>) -> i64 {
    let (sum, squares) = lengths.fold((0i128, 0i128), |(s, q), len| (s + i128::from(len), q + i128::from(len) * i128::from(len)));
    if sum == 0 { 0 } else { ((2 * squares + sum).div_euclid(2 * sum)) as i64 }
}

/// The median, half up; sorts `values`.
pub fn median(values: &mut [i64]) -> Option<i64> {
    values.sort_unstable();
    let n = values.len();
    match n {
        0 => None,
        _ if n % 2 == 1 => Some(values[n / 2]),
        _ => Some((values[n / 2 - 1] + values[n / 2] + 1).div_euclid(2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_plain_mentions_in_an_hour_are_about_fifty() {
        let score = interruption_score(4.0, 3_600_000);
        assert!((score - 50.0).abs() < 0.02, "{score}");
        assert_eq!(interruption_score(0.0, 0), 0.0);
    }

    #[test]
    fn halves_go_up() {
        assert_eq!(median(&mut [4, 1]), Some(3));
        assert_eq!(median(&mut [9, 1, 4]), Some(4));
        assert_eq!(median(&mut []), None);
        assert_eq!(stretch_ms([10, 30].into_iter()), 25);
        assert_eq!(stretch_ms([1, 2, 1].into_iter()), 2, "6/4 = 1.5");
        assert_eq!(stretch_ms([].into_iter()), 0);
    }
}
