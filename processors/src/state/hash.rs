//! Hashes for tables in memory and for telling whether a row changed. Fast, not secret: a person who picks colliding ids
//! slows down only their own chunk.

const A: u64 = 0x9e37_79b9_7f4a_7c15;
const B: u64 = 0xd6e8_feb8_6659_fd93;

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// Values go in one after the other; the order matters.
#[derive(Debug, Clone, Copy)]
pub struct Mix(u64);

impl Mix {
    pub fn new() -> Mix {
        Mix(B)
    }

    #[inline]
    pub fn int(self, value: i64) -> Mix {
        Mix(fold(self.0 ^ value as u64, A).wrapping_add(B))
    }

    pub fn score(self, value: f64) -> Mix {
        self.int(value.to_bits() as i64)
    }

    pub fn flag(self, value: bool) -> Mix {
        self.int(i64::from(value))
    }

    pub fn option(self, value: Option<i64>) -> Mix {
        match value {
            Some(value) => self.int(1).int(value),
            None => self.int(0),
        }
    }

    pub fn text(self, value: &str) -> Mix {
        self.int(bytes(value.as_bytes()) as i64)
    }

    pub fn option_text(self, value: Option<&str>) -> Mix {
        match value {
            Some(value) => self.int(1).text(value),
            None => self.int(0),
        }
    }

    pub fn finish(self) -> u64 {
        fold(self.0, A ^ B)
    }
}

impl Default for Mix {
    fn default() -> Mix {
        Mix::new()
    }
}

#[inline]
pub fn bytes(data: &[u8]) -> u64 {
    let mut state = A ^ data.len() as u64;
    let mut chunks = data.chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5], chunk[6], chunk[7]]);
        state = fold(state ^ word, B);
    }
    let mut last = [0; 8];
    let rest = chunks.remainder();
    last[..rest.len()].copy_from_slice(rest);
    fold(state ^ u64::from_le_bytes(last), A)
}
