//! A long time in short pieces, so that what a scan gives is never more than a day or two of everyone.

use std::ops::Range;

use schemas::directory::DAY_MS;

/// As the store keeps its rows: a day of them is what one piece should hold.
const PIECE_MS: i64 = DAY_MS;
/// Pieces grow while nothing is found, for few scans over years without rows, but no further: rows may begin anywhere.
const MAX_PIECE_MS: i64 = 16 * DAY_MS;

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

    /// Whether the piece had any rows.
    pub fn saw(&mut self, rows: bool) {
        self.piece = if rows { PIECE_MS } else { (self.piece * 2).min(MAX_PIECE_MS) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of a walk over rows on the days given.
    fn pieces(time: Range<i64>, rows: &[i64]) -> Vec<Range<i64>> {
        let mut walk = Walk::over(time);
        let mut pieces = Vec::new();
        while let Some(piece) = walk.next_piece() {
            walk.saw(rows.iter().any(|day| piece.contains(&(day * DAY_MS))));
            pieces.push(piece);
        }
        pieces
    }

    #[test]
    fn pieces_cover_everything_once_from_the_end() {
        let rows: Vec<i64> = (19_000..19_990).chain([3, 700]).collect();
        let time = -7..20_000 * DAY_MS + 5;
        let pieces = pieces(time.clone(), &rows);
        assert_eq!((pieces[0].end, pieces[pieces.len() - 1].start), (time.end, time.start));
        assert!(pieces.windows(2).all(|pair| pair[0].start == pair[1].end));
        assert!(pieces.iter().all(|p| p.start < p.end && p.end - p.start <= MAX_PIECE_MS));
        // Found in a piece that had grown over ten days without rows; from then on a day at a time.
        let found: Vec<usize> = pieces.iter().map(|p| rows.iter().filter(|day| p.contains(&(*day * DAY_MS))).count()).collect();
        assert_eq!(found[..7], [0, 0, 0, 4, 1, 1, 1]);
        assert!(pieces.len() < 990 + 19_000 / 15, "{}", pieces.len());
    }

    #[test]
    fn an_empty_time_has_no_pieces() {
        for end in [5, i64::MIN] {
            assert_eq!(pieces(Range { start: 5, end }, &[]), []);
        }
    }
}
