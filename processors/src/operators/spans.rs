//! Half-open spans of time and what is done with sorted lists of them.

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    pub start: i64,
    pub end: i64,
}

impl Span {
    pub fn new(start: i64, end: i64) -> Span {
        Span { start, end }
    }

    pub fn ms(self) -> i64 {
        self.end - self.start
    }

    pub fn contains(self, ts: i64) -> bool {
        self.start <= ts && ts < self.end
    }

    /// The part both share, unless that is empty.
    #[inline]
    pub fn overlap(self, other: Span) -> Option<Span> {
        let both = Span { start: self.start.max(other.start), end: self.end.min(other.end) };
        (both.start < both.end).then_some(both)
    }
}

/// Appends a span whose start is not before the last one's: spans that touch or overlap become one.
#[inline]
pub fn push_union(out: &mut Vec<Span>, span: Span) {
    if span.start >= span.end {
        return;
    }
    match out.last_mut() {
        Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
        _ => out.push(span),
    }
}

/// ```text
/// a    ■■■   ■■
/// b      ■■■■■    ■
/// out  ■■■■■■■■   ■
/// ```
/// Both lists sorted by start.
pub fn union_into(a: &[Span], b: &[Span], out: &mut Vec<Span>) {
    out.clear();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let from_a = j >= b.len() || (i < a.len() && a[i].start <= b[j].start);
        let next = if from_a { a[i] } else { b[j] };
        if from_a {
            i += 1
        } else {
            j += 1
        }
        push_union(out, next);
    }
}

/// Sorts and joins in place.
pub fn normalize(spans: &mut Vec<Span>) {
    spans.sort_unstable();
    let mut kept = 0;
    for i in 0..spans.len() {
        let span = spans[i];
        if span.start >= span.end {
            continue;
        }
        if kept > 0 && span.start <= spans[kept - 1].end {
            spans[kept - 1].end = spans[kept - 1].end.max(span.end);
        } else {
            spans[kept] = span;
            kept += 1;
        }
    }
    spans.truncate(kept);
}

/// How much of `span` the (disjoint, sorted, few) `parts` cover.
#[inline]
pub fn covered(span: Span, parts: &[Span]) -> i64 {
    parts.iter().filter_map(|p| p.overlap(span)).map(Span::ms).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn union_joins_what_touches_and_keeps_order() {
        let a = [Span::new(0, 3), Span::new(6, 8)];
        let b = [Span::new(2, 6), Span::new(11, 12)];
        let mut out = Vec::new();
        union_into(&a, &b, &mut out);
        assert_eq!(out, [Span::new(0, 8), Span::new(11, 12)]);
    }

    #[test]
    fn normalize_drops_the_empty_and_joins_the_overlapping() {
        let mut spans = vec![Span::new(5, 9), Span::new(1, 2), Span::new(3, 3), Span::new(8, 10), Span::new(2, 4)];
        normalize(&mut spans);
        assert_eq!(spans, [Span::new(1, 4), Span::new(5, 10)]);
    }
}
