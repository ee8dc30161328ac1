//! How good predictions are.

use super::{Bin, LEVELS, Threshold};

/// A probability and what came true.
pub type Told = (f64, bool);

const RELIABILITY_BINS: usize = 10;

/// That one who said yes is told more than one who said no. Ties count half; 0.5 where all said the same.
pub fn auc(told: &[Told]) -> f64 {
    let mut sorted = told.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut sum) = (0.0, 0.0);
    for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
        let yes = tied.iter().filter(|(_, yes)| *yes).count() as f64;
        let no = tied.len() as f64 - yes;
        sum += yes * (below + no / 2.0);
        below += no;
    }
    let yes = told.len() as f64 - below;
    if yes * below > 0.0 { sum / (yes * below) } else { 0.5 }
}

/// Mean squared distance from what came true.
pub fn brier(told: &[Told]) -> f64 {
    told.iter().map(|(risk, yes)| (risk - f64::from(u8::from(*yes))).powi(2)).sum::<f64>() / (told.len() as f64).max(1.0)
}

/// Of equal width; those that nobody is told are left out.
pub fn reliability(told: &[Told]) -> Vec<Bin> {
    let mut sums = [(0usize, 0.0, 0.0); RELIABILITY_BINS];
    for (risk, yes) in told {
        let (count, risks, came) = &mut sums[((risk * RELIABILITY_BINS as f64) as usize).min(RELIABILITY_BINS - 1)];
        *count += 1;
        *risks += risk;
        *came += f64::from(u8::from(*yes));
    }
    let bin = |(answers, risks, came): (usize, f64, f64)| Bin {
        answers,
        told: risks / answers as f64,
        came_true: came / answers as f64,
    };
    sums.into_iter().filter(|(count, ..)| *count > 0).map(bin).collect()
}

/// Mean distance of told and true, bin by bin.
pub fn calibration_error(told: &[Told]) -> f64 {
    let off = |bin: &Bin| bin.answers as f64 * (bin.told - bin.came_true).abs();
    reliability(told).iter().map(off).sum::<f64>() / (told.len() as f64).max(1.0)
}

/// At each level's beginning.
pub fn thresholds(told: &[Told]) -> Vec<Threshold> {
    LEVELS.map(|from| threshold(told, from)).to_vec()
}

fn threshold(told: &[Told], from: f64) -> Threshold {
    let (flagged, yes) = (told.iter().filter(|(risk, _)| *risk >= from), told.iter().filter(|(_, yes)| *yes).count());
    let (flagged, right) = flagged.fold((0, 0), |(n, right), (_, yes)| (n + 1, right + usize::from(*yes)));
    let share = |of: usize| (of > 0).then(|| right as f64 / of as f64);
    Threshold { from, flagged, precision: share(flagged), recall: share(yes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_book() {
        let told = [(0.1, false), (0.4, false), (0.35, true), (0.8, true)];
        assert_eq!(auc(&told), 0.75);
        assert_eq!(auc(&[(0.2, true), (0.2, false)]), 0.5, "a tie");
        assert_eq!(auc(&[(0.2, true)]), 0.5, "nobody to compare with");
        assert!((brier(&told) - (0.01 + 0.16 + 0.4225 + 0.04) / 4.0).abs() < 1e-12);
        // Two bins, each told 0.1 too little.
        let off: Vec<Told> = (0..10).flat_map(|i| [(0.2, i < 3), (0.7, i < 8)]).collect();
        assert!((calibration_error(&off) - 0.1).abs() < 1e-12);
        let flags = threshold(&told, 0.3);
        assert_eq!((flags.flagged, flags.precision, flags.recall), (3, Some(2.0 / 3.0), Some(1.0)));
        assert_eq!(threshold(&told, 0.9).precision, None);
    }
}
