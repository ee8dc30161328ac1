//! A long time in pieces that hold about as many rows each: neither all of it at once, nor a scan for every day.

use std::ops::Range;

use schemas::directory::DAY_MS;

/// The first, and the shortest: as the store keeps its rows.
const PIECE_MS: i64 = DAY_MS;
/// Pieces grow while they hold few rows, for few scans over years, but no further: many rows may begin anywhere.
const MAX_PIECE_MS: i64 = 16 * DAY_MS;
/// Rows of a piece, about: fewer than a quarter and the next is longer, more and it is shorter.
const ROWS: usize = 50_000;

/// Goes over a time from its end, as what is looked for is mostly found among the newest.
pub struct Walk {
    left: Range<i64>,
    piece: i64,
}

impl Walk {
    pub fn over(time: Range<i64>) -> Walk {
        Walk { left: time, piece: PIECE_MS }
    }

    pub fn next_piece(&mut self) -> Option<Range<i64>> {
        let Range { start, end } = self.left;
        if start >= end {
            return None;
        }
        self.left.end = (end - self.piece).max(start);
        Some(self.left.end..end)
    }

    /// How many rows the piece had.
    pub fn saw(&mut self, rows: usize) {
        if rows < ROWS / 4 {
            self.piece = (self.piece * 2).min(MAX_PIECE_MS);
        } else if rows > ROWS {
            self.piece = (self.piece / 2).max(PIECE_MS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of a walk over so many rows on each of the days given, and how many each held.
    fn pieces(time: Range<i64>, days: Range<i64>, rows: usize) -> Vec<(Range<i64>, usize)> {
        let mut walk = Walk::over(time);
        let mut pieces = Vec::new();
        while let Some(piece) = walk.next_piece() {
            let held = days.clone().filter(|day| piece.contains(&(day * DAY_MS))).count() * rows;
            walk.saw(held);
            pieces.push((piece, held));
        }
        pieces
    }

    #[test]
    fn pieces_cover_everything_once_from_the_end() {
        let time = -7..20_000 * DAY_MS + 5;
        let pieces = pieces(time.clone(), 19_000..19_990, 10);
        let times: Vec<&Range<i64>> = pieces.iter().map(|(piece, _)| piece).collect();
        assert_eq!((times[0].end, times[times.len() - 1].start), (time.end, time.start));
        assert!(times.windows(2).all(|pair| pair[0].start == pair[1].end));
        assert!(times.iter().all(|p| p.start < p.end && p.end - p.start <= MAX_PIECE_MS));
        assert!(pieces.len() < 20_000 / 15, "{}", pieces.len());
    }

    #[test]
    fn a_piece_holds_many_rows_but_not_far_too_many() {
        let pieces = pieces(0..365 * DAY_MS, 0..300, 10_000);
        assert!(pieces.len() < 160, "{} scans for 300 days", pieces.len());
        // But for the first with any, which may be as long as one of a time without.
        let most = pieces.iter().skip_while(|(_, held)| *held == 0).skip(4).map(|(_, held)| *held).max().unwrap_or(0);
        assert!(most <= ROWS, "{most}");
    }

    #[test]
    fn an_empty_time_has_no_pieces() {
        for end in [5, i64::MIN] {
            assert_eq!(pieces(Range { start: 5, end }, 0..0, 0), []);
        }
    }
}
