//! The models there are, and whose turn it is. Turns are only ever added, so that which model tells a person's risk of a day follows
//! from them alone: the newest turn that holds on the day and has the person in its share, else the baseline.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BASELINE, BASELINE_NAME, Card, Model};
use crate::directory::{DAY_MS, date, days_since_epoch};

/// More are refused: nobody looks at so many.
const MAX_MODELS: usize = 100;
const MAX_TURNS: usize = 1_000;
/// How far back a turn may reach, as what it concerns is told anew; and how far ahead.
const DAYS_BACK: i32 = 28;
const DAYS_AHEAD: i32 = 366;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Models {
    /// In the order they came.
    pub known: Vec<Known>,
    /// In the order they were decided.
    pub turns: Vec<Turn>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub model: Model,
    pub card: Card,
    pub added_at: i64,
}

/// From a day on, a model tells the risks of a share of the people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Of the first day, as text.
    #[serde(with = "day_text")]
    pub from: i32,
    pub model: String,
    /// Of a hundred people, the same ones for a model always; 0 takes the model away.
    pub share: u8,
    pub decided_at: i64,
    pub why: String,
}

impl Models {
    /// That which tells the risk of a person's day.
    pub fn of(&self, person: &str, day: i32) -> &Model {
        let tells = |turn: &&Turn| turn.share >= 100 || lot(&turn.model, person) < turn.share;
        self.holding(day).find(tells).and_then(|turn| self.model(&turn.model)).unwrap_or(&BASELINE)
    }

    /// The turns that hold on a day, the newest first; of each model the newest alone, so that a share can be made smaller, or nothing.
    fn holding(&self, day: i32) -> impl Iterator<Item = &Turn> {
        let newest = move |at: usize| {
            let mut newer = self.turns[at + 1..].iter();
            !newer.any(|other| other.from <= day && other.model == self.turns[at].model)
        };
        let holds = move |(at, turn): &(usize, &Turn)| turn.from <= day && turn.share > 0 && newest(*at);
        self.turns.iter().enumerate().rev().filter(holds).map(|(_, turn)| turn)
    }

    /// The turns that tell anybody of a day, the newest first; whom none of them tells, the baseline does.
    pub fn in_use(&self, day: i32) -> Vec<&Turn> {
        let mut holding: Vec<&Turn> = self.holding(day).collect();
        let until = holding.iter().position(|turn| turn.share >= 100).map_or(holding.len(), |at| at + 1);
        holding.truncate(until);
        holding
    }

    /// That which tells everybody who is in no smaller share.
    pub fn serving(&self, day: i32) -> &Model {
        let last = self.in_use(day).into_iter().rfind(|turn| turn.share >= 100);
        last.and_then(|turn| self.model(&turn.model)).unwrap_or(&BASELINE)
    }

    pub fn model(&self, name: &str) -> Option<&Model> {
        if name == BASELINE_NAME { Some(&BASELINE) } else { self.known(name).map(|known| &known.model) }
    }

    pub fn known(&self, name: &str) -> Option<&Known> {
        self.known.iter().find(|known| known.model.name == name)
    }

    /// The first day of which `turns` after the first `seen` say something else than those; none where there are no more.
    pub fn changed_from(&self, seen: usize) -> Option<i32> {
        self.turns.iter().skip(seen).map(|turn| turn.from).min()
    }

    /// With one more model; `None` when it is there already. The reason why not.
    pub fn with_card(&self, card: &Card, now_ms: i64) -> Result<Option<Models>, String> {
        let model = card.model()?;
        if self.known(&model.name).is_some() {
            return Ok(None);
        }
        if self.known.len() >= MAX_MODELS {
            return Err(format!("there are {MAX_MODELS} models already"));
        }
        let mut models = self.clone();
        models.known.push(Known { model, card: card.clone(), added_at: now_ms });
        Ok(Some(models))
    }

    /// With one more turn, decided by who has seen so many. The reason why not.
    pub fn with_turn(&self, turn: Turn, seen: usize) -> Result<Models, String> {
        if seen != self.turns.len() {
            return Err("turns: somebody else decided in the meantime; look at the models again".into());
        }
        let Turn { from, model, share, decided_at, why } = &turn;
        if model != BASELINE_NAME {
            let known = self.known(model).ok_or_else(|| format!("model: there is no {model}; add its card first"))?;
            let verdict = &known.card.verdict;
            if !verdict.beats_the_baseline {
                return Err(format!("model: {model} is not to be used: {}", verdict.reasons.join("; ")));
            }
        } else if *share != 100 {
            return Err(format!(
                "share: {BASELINE_NAME} tells all whom no other model tells: give 100, or a turn to the other model"
            ));
        }
        if *share > 100 {
            return Err(format!("share: it is of a hundred people, 0 to 100, and not {share}"));
        }
        let today = decided_at.div_euclid(DAY_MS) as i32;
        if !(today - DAYS_BACK..=today + DAYS_AHEAD).contains(from) {
            let (first, last) = (date(today - DAYS_BACK), date(today + DAYS_AHEAD));
            return Err(format!("from: {} lies outside {first} to {last}", date(*from)));
        }
        if why.chars().count() > 500 {
            return Err("why: it has more than 500 characters".into());
        }
        // There is always a way back.
        if self.turns.len() >= MAX_TURNS && model != BASELINE_NAME && *share > 0 {
            return Err(format!("there are {MAX_TURNS} turns already"));
        }
        let mut models = self.clone();
        models.turns.push(turn);
        Ok(models)
    }
}

/// Of a hundred, the same for a model and a person always.
fn lot(model: &str, person: &str) -> u8 {
    let digest = Sha256::new().chain_update(model).chain_update([0]).chain_update(person).finalize();
    (u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]) % 100) as u8
}

mod day_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{date, days_since_epoch};

    pub fn serialize<S: Serializer>(day: &i32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&date(*day))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
        let text = String::deserialize(deserializer)?;
        let date = text.parse().map_err(|_| serde::de::Error::custom(format!("{text:?} is no date like 2026-01-31")))?;
        Ok(days_since_epoch(date))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::risk::card::{Data, HeldOut, Scores, Verdict};
    use crate::risk::{BINS, FEATURES};

    fn scores(auc: f64, brier: f64) -> Scores {
        Scores {
            auc,
            auc_low: auc - 0.02,
            auc_high: auc + 0.02,
            brier,
            calibration_error: 0.01,
            reliability: vec![],
            thresholds: vec![],
        }
    }

    fn card(bias: f64, gain_low: f64) -> Card {
        let weights = [1.0; FEATURES.len()];
        let held_out = HeldOut {
            people: 300,
            answers: 900,
            yes: 200,
            learned: scores(0.8, 0.12),
            baseline: scores(0.7, 0.15),
            base_rate: scores(0.5, 0.17),
            gain_low,
            gain_high: 0.12,
        };
        Card {
            name: Card::name_of(bias, &weights),
            bias,
            weights: FEATURES.iter().map(|name| ((*name).to_owned(), 1.0)).collect(),
            alpha: 1.0,
            losses: vec![(1.0, 0.4)],
            data: Data {
                from: "2026-01-01".into(),
                to: "2026-03-01".into(),
                people: 1_000,
                answers: 3_000,
                yes_rate: 0.2,
                features: FEATURES.iter().map(|name| ((*name).to_owned(), [1.0 / BINS as f64; BINS])).collect(),
            },
            verdict: Verdict::of(&held_out),
            held_out,
        }
    }

    const TODAY: i32 = 20_000;

    fn turn(model: &str, from: i32, share: u8) -> Turn {
        Turn { from, model: model.into(), share, decided_at: i64::from(TODAY) * DAY_MS, why: String::new() }
    }

    trait Next: Sized {
        fn next(&self, turn: Turn) -> Result<Self, String>;
    }

    impl Next for Models {
        fn next(&self, turn: Turn) -> Result<Models, String> {
            self.with_turn(turn, self.turns.len())
        }
    }

    fn two() -> (Models, String, String) {
        let (a, b) = (card(-1.0, 0.05), card(-2.0, 0.05));
        let models = Models::default().with_card(&a, 1).unwrap().unwrap().with_card(&b, 2).unwrap().unwrap();
        (models, a.name, b.name)
    }

    #[test]
    fn the_newest_turn_that_holds_decides_and_else_the_baseline() {
        let (models, a, b) = two();
        let models = models.next(turn(&a, TODAY + 2, 100)).unwrap().next(turn(&b, TODAY + 9, 100)).unwrap();
        let at = |models: &Models, day: i32| models.of("ada", TODAY + day).name.clone();
        assert_eq!([1, 2, 8, 9].map(|day| at(&models, day)), [BASELINE_NAME, &a, &a, &b]);
        let back = models.next(turn(BASELINE_NAME, TODAY + 5, 100)).unwrap();
        assert_eq!([4, 5, 30].map(|day| at(&back, day)), [&a, BASELINE_NAME, BASELINE_NAME], "what was still to come is off");
        assert_eq!(back.changed_from(2), Some(TODAY + 5));
        assert_eq!((back.changed_from(0), back.changed_from(3)), (Some(TODAY + 2), None));
        assert_eq!(back.serving(TODAY + 4).name, a);
        let without = back.next(turn(BASELINE_NAME, TODAY + 2, 100)).unwrap().next(turn(&a, TODAY + 2, 100)).unwrap();
        let without = without.next(turn(&a, TODAY + 3, 0)).unwrap();
        assert_eq!([2, 3].map(|day| at(&without, day)), [&a, BASELINE_NAME], "what was there before it is there again");
        assert!(back.with_turn(turn(&b, TODAY + 9, 100), 2).unwrap_err().contains("somebody else"));
    }

    #[test]
    fn a_share_is_always_the_same_people_and_a_larger_one_has_them_too() {
        let (models, a, _) = two();
        let told = |share: u8| -> Vec<usize> {
            let models = models.next(turn(&a, TODAY, share)).unwrap();
            (0..2_000).filter(|n| models.of(&format!("p{n}"), TODAY).name == a).collect()
        };
        let (tenth, half) = (told(10), told(50));
        assert!((150..250).contains(&tenth.len()) && (900..1_100).contains(&half.len()), "{} {}", tenth.len(), half.len());
        assert!(tenth.iter().all(|n| half.contains(n)));
        let models = models.next(turn(&a, TODAY, 10)).unwrap();
        assert_eq!(models.serving(TODAY).name, BASELINE_NAME, "a share serves beside");
        assert_eq!(models.in_use(TODAY).iter().map(|turn| turn.share).collect::<Vec<_>>(), [10]);
        let less = models.next(turn(&a, TODAY, 50)).unwrap().next(turn(&a, TODAY, 10)).unwrap();
        let now: Vec<usize> = (0..2_000).filter(|n| less.of(&format!("p{n}"), TODAY).name == a).collect();
        assert_eq!(now, tenth, "and a share can be made smaller");
        let gone = less.next(turn(&a, TODAY, 0)).unwrap();
        assert!((0..2_000).all(|n| gone.of(&format!("p{n}"), TODAY).name == BASELINE_NAME) && gone.in_use(TODAY).is_empty());
        let models = models.next(turn(&a, TODAY + 1, 100)).unwrap().next(turn(BASELINE_NAME, TODAY + 2, 100)).unwrap();
        assert_eq!(models.in_use(TODAY + 1).len(), 1, "a whole turn ends those before it");
        assert_eq!(models.serving(TODAY + 1).name, a);
    }

    #[test]
    fn what_is_not_to_be_used_gets_no_turn() {
        let bad = card(-3.0, -0.01);
        let models = Models::default().with_card(&bad, 1).unwrap().unwrap();
        let error = models.next(turn(&bad.name, TODAY + 2, 5)).unwrap_err();
        assert!(error.contains("not to be used") && error.contains("no better than the baseline"), "{error}");
        let (models, a, _) = two();
        for (wrong, names) in [
            (turn("logistic-0", TODAY, 100), "model"),
            (turn(&a, TODAY, 101), "share"),
            (turn(BASELINE_NAME, TODAY, 10), "share"),
            (turn(&a, TODAY - 29, 100), "from"),
            (turn(&a, TODAY + 400, 100), "from"),
            (Turn { why: "x".repeat(501), ..turn(&a, TODAY, 100) }, "why"),
        ] {
            let error = models.next(wrong.clone()).unwrap_err();
            assert!(error.starts_with(names), "{wrong:?}: {error}");
        }
    }

    #[test]
    fn a_card_that_contradicts_itself_is_refused() {
        let good = card(-1.0, 0.05);
        let refused = |change: fn(&mut Card)| {
            let mut card = good.clone();
            change(&mut card);
            Models::default().with_card(&card, 1).unwrap_err()
        };
        assert!(refused(|c| c.bias = 0.0).starts_with("name"));
        assert!(refused(|c| c.weights.retain(|name, _| name != "meetings")).starts_with("weights"));
        assert!(refused(|c| c.held_out.gain_low = -0.1).starts_with("verdict"), "the verdict must follow from the figures");
        assert!(refused(|c| c.data.features.clear()).starts_with("data.features"));
        let models = Models::default().with_card(&good, 1).unwrap().unwrap();
        assert_eq!(models.with_card(&good, 2), Ok(None), "once is enough");
        let text = serde_json::to_string(&good).unwrap();
        assert!(serde_json::from_str::<Card>(&text).unwrap().model().is_ok());
    }

    #[test]
    fn a_turn_is_written_with_its_date() {
        let text = serde_json::to_string(&turn("baseline-1", 20_454, 100)).unwrap();
        assert!(text.contains(r#""from":"2026-01-01""#), "{text}");
        assert_eq!(serde_json::from_str::<Turn>(&text).unwrap().from, 20_454);
        assert!(serde_json::from_str::<Turn>(&text.replace("2026-01-01", "soon")).unwrap_err().to_string().contains("soon"));
    }
}
