//! What is known of a model: where it comes from, how often it is right, and how it compares with the baseline.

use std::collections::BTreeMap;
use std::fmt::Write;

use processors::operators::risk::FEATURES;
use schemas::directory::date;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Samples;
use super::fit::Fitted;
use super::measure::Scores;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Card {
    /// Follows from bias and weights.
    pub name: String,
    pub bias: f64,
    pub weights: BTreeMap<&'static str, f64>,
    /// Of the penalty on large weights, by cross-validation over people.
    pub alpha: f64,
    pub losses: Vec<(f64, f64)>,
    pub data: Data,
    pub held_out: HeldOut,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Data {
    pub from: String,
    pub to: String,
    pub people: usize,
    pub answers: usize,
    /// Of the answers it learned from, those that say yes.
    pub yes_rate: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldOut {
    pub people: usize,
    pub answers: usize,
    pub yes: usize,
    pub learned: Scores,
    pub baseline: Scores,
    /// Everybody is told the rate of those it learned from.
    pub base_rate: Scores,
    /// How much larger its AUC is than the baseline's: between these.
    pub gain_low: f64,
    pub gain_high: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    pub beats_the_baseline: bool,
    /// Why not.
    pub reasons: Vec<String>,
}

impl Data {
    pub fn of(samples: &Samples, yes_rate: f64) -> Data {
        let days = || samples.all.iter().map(|sample| sample.day);
        let text = |day: Option<i32>| day.map_or_else(String::new, |day| date(day).to_string());
        Data {
            from: text(days().min()),
            to: text(days().max()),
            people: samples.people.len(),
            answers: samples.all.len(),
            yes_rate,
        }
    }
}

impl Card {
    pub fn new(fitted: &Fitted, data: Data, held_out: HeldOut, verdict: Verdict) -> Card {
        let numbers = std::iter::once(&fitted.model.bias).chain(&fitted.model.weights);
        let digest = Sha256::digest(numbers.flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>());
        let name = digest[..4].iter().fold("logistic-".to_owned(), |name, byte| format!("{name}{byte:02x}"));
        Card {
            name,
            bias: fitted.model.bias,
            weights: FEATURES.into_iter().zip(fitted.model.weights).collect(),
            alpha: fitted.alpha,
            losses: fitted.losses.clone(),
            data,
            held_out,
            verdict,
        }
    }

    pub fn markdown(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).unwrap_or_default();
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Card { data, held_out, verdict, .. } = self;
        writeln!(out, "# {}\n", self.name)?;
        match verdict.beats_the_baseline {
            true => writeln!(out, "**It beats the baseline** on people it has not seen.\n")?,
            false => {
                writeln!(out, "**Not to be used:**\n")?;
                verdict.reasons.iter().try_for_each(|reason| writeln!(out, "- {reason}"))?;
                writeln!(out)?;
            }
        }
        writeln!(
            out,
            "Logistic regression on the eleven features of the baseline, for one question: would this person say yes (3 or more of 5) to \
             the question about burnout? A prompt for a conversation about workload, not a diagnosis.\n"
        )?;
        writeln!(
            out,
            "Learned from answers of {} to {}: {} answers of {} people, of which {} ({} answers, {} yes) were held out and judge. Of those it \
             learned from, {} said yes.\n",
            data.from,
            data.to,
            data.answers,
            data.people,
            held_out.people,
            held_out.answers,
            held_out.yes,
            percent(data.yes_rate)
        )?;
        writeln!(out, "| on people held out | this model | baseline-1 | everybody the same |\n|---|---|---|---|")?;
        let three = [&held_out.learned, &held_out.baseline, &held_out.base_rate];
        let mut row = |what: &str, figure: &dyn Fn(&Scores) -> String| {
            let [a, b, c] = three.map(figure);
            writeln!(out, "| {what} | {a} | {b} | {c} |")
        };
        row("AUC (19 of 20 lie within)", &|s| format!("{:.3} ({:.3} to {:.3})", s.auc, s.auc_low, s.auc_high))?;
        row("Brier score", &|s| format!("{:.4}", s.brier))?;
        row("calibration error", &|s| format!("{:.3}", s.calibration_error))?;
        for (at, threshold) in held_out.learned.thresholds.iter().enumerate() {
            let name = format!("told {} and more: answers, right, found of those who said yes", percent(threshold.from));
            row(&name, &|s| {
                let t = &s.thresholds[at];
                let share = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), percent);
                format!("{}, {}, {}", t.flagged, share(t.precision), share(t.recall))
            })?;
        }
        writeln!(out, "\nBetter than the baseline by an AUC of {:.3} to {:.3}.\n", held_out.gain_low, held_out.gain_high)?;
        writeln!(out, "| told | said yes | answers |\n|---|---|---|")?;
        for bin in &held_out.learned.reliability {
            writeln!(out, "| {} | {} | {} |", percent(bin.told), percent(bin.came_true), bin.answers)?;
        }
        writeln!(out, "\n| feature | weight | baseline-1 |\n|---|---|---|")?;
        let baseline = &processors::operators::risk::BASELINE;
        writeln!(out, "| (bias) | {:.2} | {:.2} |", self.bias, baseline.bias)?;
        for (name, weight) in FEATURES.iter().zip(baseline.weights) {
            writeln!(out, "| {name} | {:.2} | {weight:.2} |", self.weights[name])?;
        }
        let losses: Vec<String> = self.losses.iter().map(|(alpha, loss)| format!("{alpha}: {loss:.4}")).collect();
        writeln!(out, "\nPenalty {} by cross-validation over people (log loss by penalty: {}).", self.alpha, losses.join(", "))
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
