//! Centres and spreads that single wild days do not move. Each wants at least one value.

/// To compare a median absolute deviation with a standard deviation.
const NORMAL: f64 = 1.4826;
/// Values further than this many deviations from the middle count as that far.
const REACH: f64 = 2.0;

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    quantile(values, 0.5)
}

/// Of sorted values, by linear interpolation between closest ranks.
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let rank = p * last as f64;
    let below = rank.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    low + (rank - below as f64) * (high - low)
}

/// The median absolute deviation from a centre, as a standard deviation.
pub fn spread(values: &[f64], centre: f64) -> f64 {
    NORMAL * median(&mut values.iter().map(|value| (value - centre).abs()).collect::<Vec<_>>())
}

/// The weighted mean of (value, weight), of which those far from the weighted median are pulled in: as good as a mean on plain
/// days, and one wild day moves it little.
pub fn centre(values: &mut [(f64, f64)]) -> f64 {
    let middle = weighted_median(values);
    let mut away: Vec<(f64, f64)> = values.iter().map(|(value, weight)| ((value - middle).abs(), *weight)).collect();
    let reach = REACH * NORMAL * weighted_median(&mut away);
    let total: f64 = values.iter().map(|(_, weight)| weight).sum();
    values.iter().map(|(value, weight)| value.clamp(middle - reach, middle + reach) * weight).sum::<f64>() / total
}

fn weighted_median(values: &mut [(f64, f64)]) -> f64 {
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let half = values.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut sum = 0.0;
    let reached = values.iter().find(|(_, weight)| {
        sum += weight;
        sum >= half
    });
    reached.or(values.last()).map_or(0.0, |(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(quantile(&[0.0, 10.0], 0.9), 9.0);
        assert_eq!(weighted_median(&mut [(1.0, 1.0), (2.0, 1.0), (9.0, 5.0)]), 9.0);
        assert!((spread(&[1.0, 2.0, 3.0, 4.0, 100.0], 3.0) - 1.4826).abs() < 1e-9);
    }

    #[test]
    fn one_wild_day_moves_the_centre_little() {
        let plain: Vec<(f64, f64)> = (0..21).map(|i| (f64::from(i), 1.0)).collect();
        assert!((centre(&mut plain.clone()) - 10.0).abs() < 1e-9);
        let mut wild = plain;
        wild.push((1e6, 1.0));
        assert!((centre(&mut wild) - 10.0).abs() < 1.5);
    }
}
