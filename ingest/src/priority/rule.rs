//! The rule for everybody: what kind of message it is, and whether its medium made a sound.

use schemas::definition::Weights;
use schemas::event::MessageKind;

/// Log odds by kind = LEVEL + STEEPNESS × ln(weight): with the weights of interruptions a call is 88, a direct message 70, a
/// mention 62, a channel 29, an email 22. Calls alone are told at once whatever they say; of the others it is said in them, or
/// known of the person.
const LEVEL: f32 = 0.2;
const STEEPNESS: f32 = 1.6;
/// What the medium itself let pass in silence.
const SILENT: f32 = -1.0;
/// Beyond it a priority is 0 or 100.
const FARTHEST: f32 = 8.0;

#[derive(Debug, Clone)]
pub struct Rule {
    kinds: [f32; MessageKind::ALL.len()],
}

impl Rule {
    pub fn new(weights: &Weights) -> Rule {
        let mut kinds = [0.0; MessageKind::ALL.len()];
        for kind in MessageKind::ALL {
            let log = (weights.of(*kind) as f32).ln();
            kinds[*kind as usize] = (LEVEL + STEEPNESS * log).clamp(-FARTHEST, FARTHEST);
        }
        Rule { kinds }
    }

    pub fn log_odds(&self, kind: MessageKind, notified: bool) -> f32 {
        self.kinds[kind as usize] + if notified { 0.0 } else { SILENT }
    }
}

pub fn number(log_odds: f32) -> u8 {
    // Never outside 0-100: the share lies within 0 and 1.
    (100.0 * share(log_odds)).round() as u8
}

pub fn share(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}

pub fn log_odds(share: f32) -> f32 {
    (share / (1.0 - share)).ln()
}
