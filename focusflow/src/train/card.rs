//! A card: made of what training found, and told to people.

use std::fmt::Write;

use schemas::directory::date;
use schemas::risk::{BASELINE, BINS, Card, Data, FEATURES, HeldOut, Scores, Verdict, bin};

use super::Samples;
use super::fit::Fitted;

pub fn data(samples: &Samples, yes_rate: f64) -> Data {
    let days = || samples.all.iter().map(|sample| sample.day);
    let text = |day: Option<i32>| day.map_or_else(String::new, |day| date(day).to_string());
    // Everybody weighs the same, however often they answer: as where it is held against later answers.
    let shares = |feature: usize| {
        let mut shares = [0.0; BINS];
        for own in samples.all.chunk_by(|a, b| a.person == b.person) {
            let weight = 1.0 / (own.len() * samples.people.len()) as f64;
            own.iter().for_each(|sample| shares[bin(sample.features[feature])] += weight);
        }
        shares
    };
    Data {
        from: text(days().min()),
        to: text(days().max()),
        people: samples.people.len(),
        answers: samples.all.len(),
        yes_rate,
        features: FEATURES.iter().enumerate().map(|(at, name)| ((*name).to_owned(), shares(at))).collect(),
    }
}

pub fn card(fitted: &Fitted, data: Data, held_out: HeldOut) -> Card {
    Card {
        name: fitted.model.name.clone(),
        bias: fitted.model.bias,
        weights: FEATURES.into_iter().map(str::to_owned).zip(fitted.model.weights).collect(),
        alpha: fitted.alpha,
        losses: fitted.losses.clone(),
        data,
        verdict: Verdict::of(&held_out),
        held_out,
    }
}

pub fn markdown(card: &Card) -> String {
    let mut text = String::new();
    write(card, &mut text).unwrap_or_default();
    text
}

fn write(card: &Card, out: &mut String) -> std::fmt::Result {
    let Card { data, held_out, verdict, .. } = card;
    writeln!(out, "# {}\n", card.name)?;
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
    writeln!(out, "| (bias) | {:.2} | {:.2} |", card.bias, BASELINE.bias)?;
    for (name, weight) in FEATURES.iter().zip(BASELINE.weights) {
        writeln!(out, "| {name} | {:.2} | {weight:.2} |", card.weights[*name])?;
    }
    let losses: Vec<String> = card.losses.iter().map(|(alpha, loss)| format!("{alpha}: {loss:.4}")).collect();
    writeln!(out, "\nPenalty {} by cross-validation over people (log loss by penalty: {}).", card.alpha, losses.join(", "))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
