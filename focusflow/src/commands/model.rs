//! `focusflow model`: works on the control data directly; a running server follows within a second.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use schemas::directory::{DAY_MS, date, days_since_epoch};
use schemas::risk::{BASELINE_NAME, Card, Models, Turn};
use store::control::ControlStore;

use crate::cli::Model;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::problem::Problem;
use crate::table::{Table, terminal_width};
use crate::train::markdown;
use crate::wiring;

pub async fn run(config: Config, args: Model) -> Result<()> {
    let control = wiring::open_control(&config, &DataDir::at(&config.data), matches!(args, Model::Add { .. })).await?;
    let models = control.watch().borrow().models.clone();
    let now = Timestamp::now().as_millisecond();
    let today = now.div_euclid(DAY_MS) as i32;
    let mut out = std::io::stdout().lock();
    match args {
        Model::List => list(&models, today, &mut out)?,
        Model::Show { name } => {
            let known = models.known(&name);
            let known = known.with_context(|| format!("there is no model {name}; `focusflow model list` lists them"))?;
            write!(out, "{}", markdown(&known.card))?;
        }
        Model::Add { file } => {
            let card = read(&file)?;
            control.add_model(card.clone(), now).await.with_context(|| format!("{} is refused", file.display()))?;
            let next = match card.verdict.beats_the_baseline {
                true => format!("`focusflow model promote {} --share 10` shows it to one in ten", card.name),
                false => "it runs beside and can have no turn: it does not beat the baseline".into(),
            };
            eprintln!("{} is there and runs beside, not shown; {next}", card.name);
        }
        Model::Promote { name, share, from, why } => {
            let from = from.map(|text| day(&text)).transpose()?.unwrap_or(today + 1);
            let turn = Turn { from, model: name, share, decided_at: now, why };
            decide(&control, &models, turn).await?;
        }
        Model::Rollback { why } => {
            let (model, from) = newest(&models, today)?;
            decide(&control, &models, Turn { from, model, share: 0, decided_at: now, why }).await?;
        }
    }
    control.close().await;
    Ok(())
}

async fn decide(control: &dyn ControlStore, models: &Models, turn: Turn) -> Result<()> {
    let (name, from, share) = (turn.model.clone(), date(turn.from), turn.share);
    control.take_turn(turn, models.turns.len()).await.map_err(|error| Problem::new(error.to_string()))?;
    let whom = match share {
        0 => "nobody".into(),
        100.. => "everybody".into(),
        share => format!("{share} of a hundred people"),
    };
    eprintln!("{name} tells {whom} from {from} on; risks of days from then on that are there already are told anew");
    Ok(())
}

/// The newest model that tells anybody, or is about to, and the day it began: so that it is as if it had had no turn, as far back as
/// a turn may reach.
fn newest(models: &Models, today: i32) -> Result<(String, i32)> {
    // A day of room for a clock that is a little behind.
    let first = today - 27;
    let tells = |turn: &&Turn| {
        let days = turn.from.max(first)..=turn.from.max(today);
        turn.model != BASELINE_NAME && days.into_iter().any(|day| models.in_use(day).iter().any(|used| used.model == turn.model))
    };
    let Some(newest) = models.turns.iter().rev().find(tells) else {
        let problem = Problem::new(format!("{BASELINE_NAME} tells everybody: there is no model to roll back"));
        return Err(problem.cure("`focusflow model list` shows whose turn it is").into());
    };
    let of_it = models.turns.iter().filter(|turn| turn.model == newest.model && turn.share > 0);
    Ok((newest.model.clone(), of_it.map(|turn| turn.from).min().unwrap_or(today).max(first)))
}

fn list(models: &Models, today: i32, out: &mut impl Write) -> Result<()> {
    let mut table = ["model", "added", "beats the baseline"].into_iter().fold(Table::new(), Table::text);
    table = ["AUC", "people", "tells of 100"].into_iter().fold(table, |table, name| table.column(name, true));
    let in_use = models.in_use(today);
    let share = |name: &str| in_use.iter().find(|turn| turn.model == name).map_or(0, |turn| turn.share);
    for known in &models.known {
        let (card, name) = (&known.card, &known.model.name);
        let added = date(known.added_at.div_euclid(DAY_MS) as i32).to_string();
        let beats = if card.verdict.beats_the_baseline { "yes" } else { "no" };
        let (auc, people) = (format!("{:.3}", card.held_out.learned.auc), card.data.people.to_string());
        table.row([name.as_str(), &added, beats, &auc, &people, &share(name).to_string()]);
    }
    table.row([BASELINE_NAME, "-", "-", "-", "-", "the rest"]);
    table.write(terminal_width(), out)?;
    if !models.turns.is_empty() {
        writeln!(out)?;
        let mut turns = ["turn from", "model", "of 100", "decided", "why"].into_iter().fold(Table::new(), Table::text);
        for turn in models.turns.iter().rev() {
            let decided = date(turn.decided_at.div_euclid(DAY_MS) as i32).to_string();
            turns.row([date(turn.from).to_string().as_str(), &turn.model, &turn.share.to_string(), &decided, &turn.why]);
        }
        turns.write(terminal_width(), out)?;
    }
    Ok(())
}

fn read(file: &Path) -> Result<Card> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        Problem::new(format!("{} cannot be read: {e}", file.display())).cure("name the .json that `focusflow train` wrote")
    })?;
    Ok(serde_json::from_str(&text).map_err(|e| {
        Problem::new(format!("{} is no card: {e}", file.display()))
            .cure("it is the .json that `focusflow train` wrote beside the .md")
    })?)
}

fn day(text: &str) -> Result<i32> {
    let date =
        text.parse().map_err(|_| Problem::new(format!("--from {text}: it is no date")).cure("give one like 2026-01-31"))?;
    Ok(days_since_epoch(date))
}

#[cfg(test)]
mod tests {
    use schemas::risk::Known;

    use super::*;

    fn turn(model: &str, from: i32, share: u8) -> Turn {
        Turn { from, model: model.into(), share, decided_at: 0, why: String::new() }
    }

    /// Models of these names, which are made up.
    fn after(turns: Vec<Turn>) -> Option<(String, i32)> {
        let card: Card = serde_json::from_str(include_str!("../../../schemas/examples/model-card.json")).unwrap();
        let known = |name: &str| {
            let mut model = card.model().unwrap();
            model.name = name.into();
            Known { model, card: card.clone(), added_at: 0 }
        };
        newest(&Models { known: ["a", "b", "c"].map(known).to_vec(), turns }, 100).ok()
    }

    #[test]
    fn a_roll_back_takes_the_newest_model_away_from_its_first_day_on() {
        let base = |from| turn(BASELINE_NAME, from, 100);
        let gone = |model: &str, from: i32| Some((model.to_owned(), from));
        assert_eq!(after(vec![]), None);
        assert_eq!(after(vec![turn("a", 90, 10)]), gone("a", 90));
        assert_eq!(after(vec![turn("a", 90, 10), turn("a", 95, 100)]), gone("a", 90), "its first turn on");
        assert_eq!(after(vec![turn("a", 80, 100), turn("b", 95, 20)]), gone("b", 95));
        assert_eq!(after(vec![turn("a", 10, 100)]), gone("a", 73), "no further back than a turn may reach");
        assert_eq!(after(vec![turn("a", 101, 100)]), gone("a", 101), "one still to come");
        assert_eq!(after(vec![turn("a", 90, 100), base(95)]), gone("a", 90), "the days before it was taken away");
        assert_eq!(after(vec![turn("a", 90, 100), base(90)]), None, "nothing is left to take back");
        assert_eq!(after(vec![turn("a", 80, 100), turn("b", 90, 100), turn("b", 90, 0)]), gone("a", 80), "and once more");
        assert_eq!(after(vec![turn("a", 80, 100), turn("a", 80, 0)]), None);
    }
}
