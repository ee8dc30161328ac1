//! The constants of the metric definitions as settings, and the number that tells changed ones apart.

use anyhow::{Result, anyhow, bail};
use schemas::Definition;
use schemas::category::CategoryConfig;
use schemas::definition::Weights;
use schemas::event::Category;
use serde::Deserialize;

use super::units::Span;

const LEAST_K: u32 = 5;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefinitionSection {
    focus_categories: Vec<String>,
    join_gap: Span,
    dwell: Span,
    switch_gap: Span,
    run_gap: Span,
    block_min: Span,
    deep_min: Span,
    session_max: Span,
    flow_min: Span,
    flow_grace: Span,
    attend_within: Span,
    lag_max: Span,
    response_max: Span,
    streak_goal: Span,
    lateness: Span,
    k_anonymity: u32,
    k_anonymity_burnout: u32,
    weights: WeightsSection,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WeightsSection {
    call: f64,
    dm: f64,
    mention: f64,
    channel: f64,
    email: f64,
}

impl DefinitionSection {
    pub fn definition(&self, categories: &CategoryConfig) -> Result<Definition> {
        self.check()?;
        let weights = &self.weights;
        let definition = Definition {
            focus_categories: self.focus_categories.iter().map(|word| category(word)).collect::<Result<_>>()?,
            join_gap_ms: self.join_gap.0,
            dwell_ms: self.dwell.0,
            switch_gap_ms: self.switch_gap.0,
            run_gap_ms: self.run_gap.0,
            block_min_ms: self.block_min.0,
            deep_min_ms: self.deep_min.0,
            session_max_ms: self.session_max.0,
            flow_min_ms: self.flow_min.0,
            flow_grace_ms: self.flow_grace.0,
            attend_within_ms: self.attend_within.0,
            lag_max_ms: self.lag_max.0,
            response_max_ms: self.response_max.0,
            streak_goal_ms: self.streak_goal.0,
            lateness_ms: self.lateness.0,
            weights: Weights {
                call: weights.call,
                dm: weights.dm,
                mention: weights.mention,
                channel: weights.channel,
                email: weights.email,
            },
            k_anonymity: self.k_anonymity,
            k_anonymity_burnout: self.k_anonymity_burnout,
            ..Definition::default()
        };
        Ok(Definition { version: number(&definition, categories), ..definition })
    }

    fn check(&self) -> Result<()> {
        if self.k_anonymity < LEAST_K || self.k_anonymity_burnout < self.k_anonymity {
            bail!(
                "definition.k_anonymity = {} and k_anonymity_burnout = {}: at least {LEAST_K} people, and for burnout no fewer than that",
                self.k_anonymity,
                self.k_anonymity_burnout
            );
        }
        let weights = &self.weights;
        if [weights.call, weights.dm, weights.mention, weights.channel, weights.email].iter().any(|w| !w.is_finite() || *w < 0.0)
        {
            bail!("definition.weights: a weight is a number of at least 0");
        }
        if self.deep_min.0 < self.block_min.0 {
            bail!("definition.deep_min is shorter than block_min: a deep block is a block");
        }
        Ok(())
    }
}

fn category(word: &str) -> Result<Category> {
    let words = || Category::ALL.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(", ");
    Category::parse(word).ok_or_else(|| anyhow!("definition.focus_categories: {word:?} is none of {}", words()))
}

/// 1 for the defaults; for other constants a number that is theirs alone (a hash), so that rows tell which they follow.
/// k only hides figures, so it has no part in it.
fn number(definition: &Definition, categories: &CategoryConfig) -> u32 {
    let defaults = Definition::default();
    let counted = Definition {
        version: defaults.version,
        k_anonymity: defaults.k_anonymity,
        k_anonymity_burnout: defaults.k_anonymity_burnout,
        ..definition.clone()
    };
    if counted == defaults && *categories == CategoryConfig::default() {
        return defaults.version;
    }
    let hash = schemas::control::hash_secret(&format!("{counted:?} {categories:?}"));
    0x4000_0000 | (u32::from_str_radix(&hash[..8], 16).unwrap_or(0) & 0x3fff_ffff)
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::config::layers::Source;

    use super::*;

    fn with(path: &str, text: &str) -> Result<Definition> {
        let mut layers = Config::defaults().unwrap();
        layers.set_text(path, text, Source::Default).unwrap();
        Config::from_layers(layers).map(|c| c.definition)
    }

    #[test]
    fn the_defaults_are_the_definition() {
        assert_eq!(with("definition.dwell", "10s").unwrap(), Definition::default());
    }

    #[test]
    fn changed_constants_carry_another_number_of_their_own() {
        let (a, b) = (with("definition.dwell", "11s").unwrap(), with("definition.dwell", "12s").unwrap());
        assert!(a.version != 1 && b.version != 1 && a.version != b.version);
        assert_eq!(a.version, with("definition.dwell", "11s").unwrap().version);
        assert_eq!(with("definition.k_anonymity_burnout", "10").unwrap().version, 1);
    }

    #[test]
    fn k_never_falls_below_five() {
        assert!(with("definition.k_anonymity", "4").is_err());
        assert!(with("definition.focus_categories", "coding,dreaming").is_err());
    }
}
