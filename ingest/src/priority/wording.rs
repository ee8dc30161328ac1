//! What a text says of its urgency, read once, in memory, from its beginning. The words are kept nowhere: of them leaves what they
//! add to one number.
//!
//! English, German, French, Spanish, Italian, Portuguese, Dutch, Russian and Ukrainian. Languages without spaces between their
//! words say nothing here but by their question marks.

/// Of longer texts the beginning is read.
const MAX_READ: usize = 4 * 1024;
/// No word below is longer.
const LONGEST: usize = 24;
/// In bytes: from here on a text is something to read, not to answer.
const LONG: usize = 600;
/// Fewer letters than this are no shouting, whatever they look like.
const FEW_LETTERS: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Urgent,
    /// When it has to be done.
    Due,
    You,
    /// It can wait.
    Calm,
    /// Takes the urgency from the word after it.
    Not,
}

use Sign::{Calm, Due, Not, Urgent, You};

/// In small letters.
const WORDS: &[(&str, Sign)] = &[
    ("urgent", Urgent),
    ("urgently", Urgent),
    ("asap", Urgent),
    ("emergency", Urgent),
    ("immediately", Urgent),
    ("outage", Urgent),
    ("incident", Urgent),
    ("sev1", Urgent),
    ("p0", Urgent),
    ("blocker", Urgent),
    ("dringend", Urgent),
    ("eilig", Urgent),
    ("sofort", Urgent),
    ("notfall", Urgent),
    ("ausfall", Urgent),
    ("urgence", Urgent),
    ("urgente", Urgent),
    ("immédiatement", Urgent),
    ("inmediatamente", Urgent),
    ("emergencia", Urgent),
    ("emergência", Urgent),
    ("emergenza", Urgent),
    ("subito", Urgent),
    ("spoed", Urgent),
    ("dringende", Urgent),
    ("срочно", Urgent),
    ("терміново", Urgent),
    ("today", Due),
    ("tonight", Due),
    ("tomorrow", Due),
    ("deadline", Due),
    ("eod", Due),
    ("overdue", Due),
    ("now", Due),
    ("heute", Due),
    ("morgen", Due),
    ("frist", Due),
    ("jetzt", Due),
    ("aujourd", Due),
    ("demain", Due),
    ("hoy", Due),
    ("mañana", Due),
    ("oggi", Due),
    ("domani", Due),
    ("hoje", Due),
    ("amanhã", Due),
    ("vandaag", Due),
    ("сегодня", Due),
    ("завтра", Due),
    ("сьогодні", Due),
    ("you", You),
    ("your", You),
    ("du", You),
    ("dich", You),
    ("dir", You),
    ("tu", You),
    ("toi", You),
    ("vous", You),
    ("usted", You),
    ("você", You),
    ("jij", You),
    ("ты", You),
    ("вы", You),
    ("ти", You),
    ("ви", You),
    ("fyi", Calm),
    ("newsletter", Calm),
    ("digest", Calm),
    ("unsubscribe", Calm),
    ("abbestellen", Calm),
    ("désabonner", Calm),
    ("whenever", Calm),
    ("not", Not),
    ("no", Not),
    ("nothing", Not),
    ("nicht", Not),
    ("kein", Not),
    ("pas", Not),
    ("non", Not),
    ("não", Not),
    ("niet", Not),
    ("не", Not),
];

/// By the first byte, the lengths of words that begin with it, a bit each: most words of a text are told from these at a glance.
static LENGTHS: [u32; 256] = {
    let mut lengths = [0; 256];
    let mut i = 0;
    while i < WORDS.len() {
        let word = WORDS[i].0.as_bytes();
        assert!(word.len() <= LONGEST);
        lengths[first(word[0])] |= 1 << word.len();
        i += 1;
    }
    lengths
};

/// Words in the order of how they begin, and where those that begin so start in it.
static BY_FIRST: ([u8; WORDS.len()], [u8; 257]) = {
    let (mut order, mut starts, mut filled, mut byte) = ([0; WORDS.len()], [0; 257], 0, 0);
    while byte < 256 {
        starts[byte] = filled as u8;
        let mut i = 0;
        while i < WORDS.len() {
            if first(WORDS[i].0.as_bytes()[0]) == byte {
                order[filled] = i as u8;
                filled += 1;
            }
            i += 1;
        }
        byte += 1;
    }
    assert!(filled == WORDS.len() && filled < 256);
    starts[256] = filled as u8;
    (order, starts)
};

/// The same for capital and small letters. Those of Cyrillic begin with one of two bytes; capitals are as long as small ones.
const fn first(byte: u8) -> usize {
    if byte == 0xd1 { 0xd0 } else { byte.to_ascii_lowercase() as usize }
}

const SMALL: u8 = 1;
const CAPITAL: u8 = 2;
const DIGIT: u8 = 4;
/// A letter beyond ASCII, or part of one.
const FOREIGN: u8 = 8;

/// What a byte is of a word; 0 between words.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' => SMALL,
            b'A'..=b'Z' => CAPITAL,
            b'0'..=b'9' => DIGIT,
            // With these begin the signs between words: quotes, dashes, the question mark of full width.
            0xc2 | 0xe2 | 0xef => 0,
            0x80.. => FOREIGN,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wording {
    pub urgent: bool,
    pub due: bool,
    pub question: bool,
    /// By `@name` or "you".
    pub addressed: bool,
    /// All in capitals (of ASCII).
    pub shouted: bool,
    pub calm: bool,
    pub long: bool,
}

impl Wording {
    pub fn read(text: &str) -> Wording {
        let mut found = Wording { long: text.len() > LONG, ..Wording::default() };
        let text = &text[..text.floor_char_boundary(MAX_READ)];
        let bytes = text.as_bytes();
        let (mut letters, mut capitals) = (0, 0);
        let (mut denied, mut at_sign) = (false, false);
        let (mut at, mut word_end) = (0, usize::MAX);
        while let Some(byte) = bytes.get(at) {
            if CLASSES[usize::from(*byte)] == 0 {
                at_sign = *byte == b'@' && word_end != at;
                found.question |= *byte == b'?' || bytes[at..].starts_with("？".as_bytes());
                at += match byte {
                    0xc2 => 2,
                    0xe2 | 0xef => 3,
                    _ => 1,
                };
                continue;
            }
            found.addressed |= std::mem::take(&mut at_sign);
            let (start, mut of) = (at, 0);
            while let Some(class) = bytes.get(at).map(|byte| CLASSES[usize::from(*byte)]).filter(|class| *class != 0) {
                of |= class;
                at += 1;
            }
            word_end = at;
            letters |= of;
            capitals += if of == CAPITAL { at - start } else { 0 };
            denied = found.word(&text[start..at], of, denied);
        }
        found.shouted = capitals >= FEW_LETTERS && letters & (SMALL | FOREIGN) == 0;
        found
    }

    /// Takes a word that may be denied by the one before it. True when it denies the next.
    fn word(&mut self, word: &str, of: u8, denied: bool) -> bool {
        let (len, begins) = (word.len(), word.as_bytes().first().map_or(0, |byte| first(*byte)));
        self.question |= of & FOREIGN != 0 && word.ends_with('؟');
        if len > LONGEST || LENGTHS[begins] & (1 << len) == 0 {
            return false;
        }
        let (order, starts) = &BY_FIRST;
        let near = &order[usize::from(starts[begins])..usize::from(starts[begins + 1])];
        let mut small = [0; LONGEST];
        let small = in_small_letters(word, &mut small);
        let sign = near.iter().map(|at| &WORDS[usize::from(*at)]).find(|(known, _)| known.as_bytes() == small);
        match sign.map(|(_, sign)| *sign) {
            Some(Urgent) => self.urgent |= !denied,
            Some(Due) => self.due |= !denied,
            Some(You) => self.addressed = true,
            Some(Calm) => self.calm = true,
            Some(Not) => return true,
            None => {}
        }
        false
    }

    /// Chosen by hand, so that an urgent direct message or mention is told at once and a plain question waits for a break; an
    /// urgent email waits for one too.
    pub fn log_odds(&self) -> f32 {
        let parts = [
            (self.urgent, 1.5),
            (self.due, 0.6),
            (self.question, 0.25),
            (self.addressed, 0.2),
            (self.shouted, 0.2),
            (self.calm, -0.8),
            (self.long, -0.3),
        ];
        parts.iter().filter(|(is, _)| *is).map(|(_, weight)| weight).sum()
    }
}

/// Of a word no longer than `LONGEST`: ASCII, the letters of western Europe and Cyrillic; others stay. It costs a tenth of what
/// `str::to_lowercase` does.
fn in_small_letters<'b>(word: &str, small: &'b mut [u8; LONGEST]) -> &'b [u8] {
    let mut before = 0;
    for (at, byte) in word.bytes().enumerate() {
        let (lead, byte) = match (before, byte) {
            (0xc3, 0x80..=0x9e) => (0xc3, byte + 0x20),
            (0xd0, 0x80..=0x8f) => (0xd1, byte + 0x10),
            (0xd0, 0x90..=0x9f) => (0xd0, byte + 0x20),
            (0xd0, 0xa0..=0xaf) => (0xd1, byte - 0x20),
            _ => (before, byte.to_ascii_lowercase()),
        };
        if at > 0 {
            small[at - 1] = lead;
        }
        (small[at], before) = (byte, byte);
    }
    &small[..word.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = Wording::read(text);
        let parts = [
            (found.urgent, "urgent"),
            (found.due, "due"),
            (found.question, "question"),
            (found.addressed, "addressed"),
            (found.shouted, "shouted"),
            (found.calm, "calm"),
            (found.long, "long"),
        ];
        let found: Vec<&str> = parts.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        assert_eq!(found.join(" "), expected, "{text:?}");
    }

    #[test]
    fn words_are_told_from_what_looks_like_them() {
        check("Lunch at noon.", "");
        check("URGENT: the site is down", "urgent");
        check("insurgent urgency todays", "");
        check("this is not urgent, no emergency", "");
        check("Not that it is urgent", "urgent");
        check("Can you look at it today?", "due question addressed");
        check("@ada please", "addressed");
        check("mail ada@example.com @ 5", "");
        check("<@U123> hi", "addressed");
        check("Kannst du bitte SOFORT kommen?", "urgent question addressed");
        check("C'est urgent, aujourd'hui", "urgent due");
        check("СРОЧНО! ты где？", "urgent question addressed");
        check("Terminologie: терміново", "urgent");
        check("amanhã MAÑANA", "due");
        check("CALL ME BACK AT ONCE", "shouted");
        check("OK NASA", "");
        check("FYI: the newsletter", "calm");
        check("ПОЖАЛУЙСТА (HTTPS, JSON)", "");
        check("“urgent” — sí？", "urgent question");
        check("متى؟", "question");
        check("é", "");
        check("", "");
    }

    #[test]
    fn only_the_beginning_of_a_long_text_is_read() {
        let text = format!("{} urgent?", "é".repeat(MAX_READ));
        check(&text, "long");
        check(&format!("urgent? {}", "é".repeat(MAX_READ)), "urgent question long");
        // A word that is cut off where reading ends is none, and a text may be cut inside a letter.
        for cut in 0..8 {
            Wording::read(&format!("{}{}", "a".repeat(MAX_READ - cut), "é".repeat(8)));
        }
    }

    #[test]
    fn every_word_is_found_and_stands_there_once() {
        for (i, (word, sign)) in WORDS.iter().enumerate() {
            assert_eq!(word.to_lowercase(), *word);
            assert!(!WORDS[..i].iter().any(|(other, _)| other == word), "{word} stands there twice");
            let found = Wording::read(&format!("({})", if i % 2 == 0 { word.to_uppercase() } else { word.to_string() }));
            let expected = match sign {
                Urgent => found.urgent,
                Due => found.due,
                You => found.addressed,
                Calm => found.calm,
                Not => !Wording::read(&format!("{word} urgent")).urgent,
            };
            assert!(expected, "{word}");
        }
    }
}
