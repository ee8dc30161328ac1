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
            let (goes, model, from) = before(&models, today)?;
            let why = if why.is_empty() { format!("{ROLLED_BACK}{goes}") } else { format!("{ROLLED_BACK}{goes}: {why}") };
            decide(&control, &models, Turn { from, model, share: 100, decided_at: now, why }).await?;
        }
    }
    control.close().await;
    Ok(())
}

async fn decide(control: &dyn ControlStore, models: &Models, turn: Turn) -> Result<()> {
    let (name, from, share) = (turn.model.clone(), date(turn.from), turn.share);
    control.take_turn(turn, models.turns.len()).await.map_err(|error| Problem::new(error.to_string()))?;
    let whom = if share >= 100 { "everybody".into() } else { format!("{share} of a hundred people") };
    eprintln!("{name} tells {whom} from {from} on; risks of days from then on that are there already are told anew");
    Ok(())
}

/// What a turn that goes back says first: going back from it would bring back what was taken back.
const ROLLED_BACK: &str = "roll back of ";

/// The model that goes, the one to go back to, and from which day on: since the one that goes had its turn, as far back as a turn may
/// reach. A turn that is still to come is taken back too.
fn before(models: &Models, today: i32) -> Result<(String, String, i32)> {
    let turns = &models.turns;
    let refuse = |problem: String| {
        Err(Problem::new(problem)
            .cure("`focusflow model list` shows whose turn it is; `promote` gives any model its turn")
            .into())
    };
    if let Some(last) = turns.last().filter(|turn| turn.why.starts_with(ROLLED_BACK)) {
        return refuse(format!("the last turn is a {} already", last.why));
    }
    // What was taken away today by itself may be taken back for the days before, too.
    let Some(last) = turns.iter().rposition(|turn| turn.model != BASELINE_NAME) else {
        return refuse(format!("{BASELINE_NAME} has always told everybody: there is no model to roll back"));
    };
    let goes = &turns[last].model;
    let first = turns[..last].iter().rposition(|turn| turn.model != *goes).map_or(0, |at| at + 1);
    let had_it = turns[first..=last].iter().map(|turn| turn.from).min().unwrap_or(today);
    // A day of room for a clock that is a little behind.
    let from = had_it.max(today - 27);
    let earlier = Models { known: models.known.clone(), turns: turns[..first].to_vec() };
    let told = (from..=today).any(|day| models.in_use(day).iter().any(|turn| turn.model == *goes)) || turns[last].from > today;
    if !told {
        return refuse(format!("{goes} tells nobody any more"));
    }
    Ok((goes.clone(), earlier.serving(from).name.clone(), from))
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
        let known = ["a", "b", "c"].map(known).to_vec();
        before(&Models { known, turns }, 100).ok().map(|(_, to, from)| (to, from))
    }

    #[test]
    fn a_roll_back_leads_to_what_was_there_before() {
        let base = |from| turn(BASELINE_NAME, from, 100);
        let back = |model: &str, from: i32| Some((model.to_owned(), from));
        assert_eq!(after(vec![]), None);
        assert_eq!(after(vec![turn("a", 90, 10)]), back(BASELINE_NAME, 90));
        assert_eq!(after(vec![turn("a", 90, 10), turn("a", 95, 100)]), back(BASELINE_NAME, 90), "its first turn on");
        assert_eq!(after(vec![turn("a", 80, 100), turn("b", 95, 20)]), back("a", 95));
        assert_eq!(after(vec![turn("a", 10, 100)]), back(BASELINE_NAME, 73), "no further back than a turn may reach");
        assert_eq!(after(vec![turn("a", 101, 100)]), back(BASELINE_NAME, 101), "one still to come");
        assert_eq!(after(vec![turn("a", 90, 100), base(95)]), back(BASELINE_NAME, 90), "the days before it was taken away");
        assert_eq!(after(vec![turn("a", 90, 100), base(90)]), None, "nothing is left to take back");
        assert_eq!(after(vec![turn("a", 80, 10), turn("b", 85, 100), turn("a", 95, 100)]), back("b", 95));
        assert_eq!(
            after(vec![turn("a", 80, 100), turn("b", 120, 100), turn("c", 95, 10)]),
            back("a", 95),
            "one to come does not begin now"
        );
        let mut again = turn("b", 80, 100);
        again.why = format!("{ROLLED_BACK}a");
        assert_eq!(after(vec![turn("b", 75, 100), turn("a", 80, 100), again]), None, "what was taken back stays so");
    }
}
