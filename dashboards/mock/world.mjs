// A made-up company whose day is always under way, whatever the hour: plausible shapes, moving numbers, no real person.
// It knows the JSON shapes of schemas/openapi.json and nothing of how the real figures are computed.

const WINDOW = 300_000;
const HOUR = 3_600_000;
const DAY_LENGTH = 7.4 * HOUR;
export const K = 5;

export const TEAMS = [
  { id: 't-0', name: 'Engineering', parent: null, size: 42, busy: 1 },
  { id: 't-1', name: 'Payments', parent: 't-0', size: 9, busy: 1.25 },
  { id: 't-2', name: 'Platform', parent: 't-0', size: 14, busy: 0.7 },
  { id: 't-3', name: 'Design systems', parent: 't-0', size: 3, busy: 1 },
  { id: 't-4', name: 'Customer care', parent: null, size: 17, busy: 2.1 },
  { id: 't-5', name: 'Founders', parent: null, size: 2, busy: 1.6 },
];
export const ORG = { id: 'org', name: 'Northwind', parent: null, size: 61, busy: 1.2 };

function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const hash = (text) => [...text].reduce((h, c) => Math.imul(h ^ c.charCodeAt(0), 16777619), 2166136261) >>> 0;

/** How much of a working day's usual activity hour `h` holds (local, fractional). */
function rhythm(h) {
  const bump = (centre, width) => Math.exp(-(((h - centre) / width) ** 2));
  return Math.max(0, bump(10.4, 1.9) + 0.95 * bump(15.2, 2) - 0.35 * bump(12.6, 0.6) + 0.12 * bump(20.5, 1.3));
}

const score = (load, focusHours) => 100 * (1 - Math.exp(-load / (5.77 * Math.max(focusHours, 0.5))));
const stat = (median, spread) => ({ mean: median * 1.04, median, p90: median * (1 + spread) });

function windowAt(unit, start, dayStart, part = 1) {
  const roll = random(hash(unit.id) ^ (start / WINDOW));
  const h = 8.6 + (start - dayStart) / HOUR;
  const level = rhythm(h);
  const n = Math.round(unit.size * Math.min(1, level * 1.05) * (0.85 + 0.15 * roll()));
  const shared = { start, n: n < K ? null : n, suppressed: n < K };
  const none = { active_ms: null, focus_ms: null, meeting_ms: null, interruptions: null, interruption_score: null, load: null };
  if (n === 0) return null;
  if (n < K) return { ...shared, ...none };
  const active = WINDOW * (0.62 + 0.25 * level * roll()) * part;
  const focus = active * Math.min(0.92, Math.max(0.08, 0.34 + 0.36 * Math.sin(h * 1.7 + unit.size) * 0.6 + 0.28 * roll()));
  const interruptions = Math.max(0, unit.busy * (0.12 + 0.5 * roll() ** 2 + 0.35 * Math.max(0, Math.sin(h * 2.9))) * part);
  const load = interruptions * 1.15;
  return {
    ...shared,
    active_ms: active,
    focus_ms: focus,
    meeting_ms: active * 0.25 * roll() * (level > 0.5 ? 1 : 0.3),
    interruptions,
    load,
    interruption_score: score(load * 0.5, 0.5),
  };
}

function dayFigures(unit, seed, progress = 1) {
  const roll = random(hash(`${unit.id} ${seed}`));
  const swing = () => 0.82 + 0.36 * roll();
  const interruptions = 13 * unit.busy * swing() * progress;
  const focus = 3.5 * HOUR * swing() * progress * (unit.busy > 1.5 ? 0.75 : 1);
  return {
    focus_ms: stat(focus, 0.42),
    active_ms: stat(6.6 * HOUR * swing() * progress, 0.2),
    comm_ms: stat(1.2 * HOUR * swing() * progress, 0.5),
    meeting_ms: stat(1.15 * HOUR * swing() * progress, 0.9),
    switches: stat(Math.round(118 * swing() * progress), 0.5),
    blocks: stat(Math.round(3 * swing() * progress), 0.6),
    deep_blocks: stat(Math.round(1 * swing() * progress), 1),
    block_ms: stat(focus * 0.7, 0.5),
    stretch_ms: stat(0.6 * HOUR * swing(), 0.6),
    messages_received: stat(Math.round(61 * unit.busy * swing() * progress), 0.5),
    messages_sent: stat(Math.round(34 * swing() * progress), 0.5),
    interruptions: stat(Math.round(interruptions), 0.6),
    self_interruptions: stat(Math.round(9 * swing() * progress), 0.6),
    load: stat(interruptions * 1.15, 0.6),
    interruption_score: stat(score(interruptions * 0.95, (focus / HOUR) * 1.15), 0.3),
    focus_score: stat(Math.min(96, 71 * swing() * (unit.busy > 1.5 ? 0.8 : 1)), 0.16),
    after_hours_ms: stat(0.2 * HOUR * swing(), 1.5),
  };
}

const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10);

export class Unit {
  constructor(entry, kind) {
    this.entry = entry;
    this.scope = { kind, id: entry.id, name: entry.name };
    this.dayStart = Math.floor((Date.now() - DAY_LENGTH) / WINDOW) * WINDOW;
    this.roll = random(hash(entry.id) + 1);
    this.hidden = entry.size < K;
    this.active = Math.round(entry.size * 0.86);
    this.inFocus = Math.round(this.active * 0.45);
    this.inMeeting = Math.round(this.active * 0.2);
    this.seq = 1000;
    this.history = [];
  }

  progress() {
    return Math.min(1, (Date.now() - this.dayStart) / (8.6 * HOUR));
  }

  windows(now = Date.now()) {
    const all = [];
    for (let start = this.dayStart; start <= now; start += WINDOW) {
      const row = windowAt(this.entry, start, this.dayStart, Math.min(1, Math.max(0.1, (now - start) / WINDOW)));
      if (row) all.push(row);
    }
    return all;
  }

  now() {
    return { active: this.active, in_focus: this.inFocus, in_meeting: this.inMeeting };
  }

  today() {
    const figures = dayFigures(this.entry, isoDay(Date.now()), this.progress());
    const keep = ['focus_ms', 'active_ms', 'interruptions', 'interruption_score', 'focus_score', 'load', 'switches', 'meeting_ms'];
    return { day: isoDay(Date.now()), ...Object.fromEntries(keep.map((key) => [key, figures[key]])) };
  }

  snapshot() {
    const at = Date.now();
    const head = { scope: this.scope, at, k: K, rolled_up_to: null, rolled_up_to_name: null, freshness_ms: null };
    if (this.hidden) return { ...head, n: null, suppressed: true, now: null, today: null, windows: [] };
    return { ...head, n: this.active + 1, suppressed: false, now: this.now(), today: this.today(), windows: this.windows(at) };
  }

  /** One step of the walk; gives the delta, or null where nothing may be shown. */
  step() {
    if (this.hidden) return null;
    const move = () => (this.roll() < 0.5 ? 1 : -1);
    const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
    if (this.roll() < 0.25) this.active = clamp(this.active + move(), Math.max(K, Math.round(this.entry.size * 0.7)), this.entry.size);
    if (this.roll() < 0.2) this.inMeeting = clamp(this.inMeeting + move(), 0, Math.round(this.active * 0.35));
    this.inFocus = clamp(this.inFocus + move(), 1, this.active - this.inMeeting);
    const at = Date.now();
    const delta = { at, freshness_ms: Math.round(90 + 300 * this.roll()), n: this.active + 1, now: this.now(), today: this.today(), windows: this.windows(at).slice(-1) };
    this.seq += 1;
    this.history.push({ seq: this.seq, data: delta });
    if (this.history.length > 50) this.history.shift();
    return delta;
  }

  /** The deltas after `from`, or null when they are gone. */
  since(from) {
    if (from > this.seq) return null;
    if (from === this.seq) return [];
    return this.history[0] && this.history[0].seq <= from + 1 ? this.history.filter(({ seq }) => seq > from) : null;
  }

  trends(days) {
    const points = [];
    for (let back = days - 1; back >= 0; back--) {
      const ms = Date.now() - back * 86_400_000;
      const weekend = [0, 6].includes(new Date(ms).getUTCDay());
      if (this.hidden) continue;
      if (weekend) points.push({ day: isoDay(ms), n: null, suppressed: true, figures: null });
      else points.push({ day: isoDay(ms), n: this.entry.size, suppressed: false, figures: dayFigures(this.entry, isoDay(ms), back === 0 ? this.progress() : 1) });
    }
    return points;
  }

  heat() {
    const cells = [];
    for (let weekday = 0; weekday < 7; weekday++) {
      for (let hour = 0; hour < 24; hour++) {
        const roll = random(hash(`${this.entry.id} ${weekday} ${hour}`));
        const level = rhythm(hour + 0.5) * (weekday > 4 ? 0.12 : weekday === 4 ? 0.85 : 1);
        const n = Math.round(this.entry.size * Math.min(1, level * 1.1));
        if (n === 0 || this.hidden) continue;
        const cell = { weekday, hour, n: n < K ? null : n, suppressed: n < K, focus_ms: null, active_ms: null, interruptions: null, interruption_score: null };
        if (n >= K) {
          const share = Math.min(0.85, Math.max(0.12, 0.5 + 0.22 * Math.sin(hour * 1.3 + weekday * 0.4) + 0.16 * (roll() - 0.5) - (weekday === 1 || weekday === 3 ? 0.1 : 0)));
          cell.active_ms = 0.72 * HOUR * Math.min(1, level);
          cell.focus_ms = cell.active_ms * share;
          cell.interruptions = this.entry.busy * (1.1 + 1.6 * roll()) * level;
          cell.interruption_score = Math.min(92, (1 - share) * 62 * this.entry.busy * (0.7 + 0.5 * roll()));
        }
        cells.push(cell);
      }
    }
    return cells;
  }

  levels(to) {
    if (this.hidden || this.entry.size < 8) return [{ day: to, n: null, suppressed: true, low: null, elevated: null, high: null, insufficient_data: null }];
    const [high, elevated, insufficient_data] = [0.08, 0.22, 0.1].map((share) => Math.round(share * this.entry.size));
    return [{ day: to, n: this.entry.size, suppressed: false, low: this.entry.size - high - elevated - insufficient_data, elevated, high, insufficient_data }];
  }

  summary() {
    return this.hidden ? null : dayFigures(this.entry, 'summary');
  }
}

const DAY = 24 * HOUR;
const evidence = (name, what, unit, here, elsewhere, n_here, n_elsewhere, of) => ({ name, what, unit, here, elsewhere, n_here, n_elsewhere, of });
const ADVICE = [
  {
    id: 'focus-hours:09', title: 'Keep 09:00–11:00 for focus', here: '09:00–11:00', elsewhere: 'other hours',
    why: 'On 26 workdays 62 % of your active time at 09:00–11:00 was focus that no message broke into, against 41 % in the other hours of the same days. By a careful estimate that is 9 min more of each hour.',
    evidence: [
      evidence('undisturbed_share', 'Undisturbed focus, of active time', 'share', 0.62, 0.41, 26, 26, 'days'),
      evidence('interruptions_per_focus_hour', 'Interruptions in an hour of focus', 'per_hour', 1.2, 3.4, 26, 26, 'days'),
      evidence('block_ms', 'Length of focus blocks that began then', 'ms', 0.9 * HOUR, 0.6 * HOUR, 31, 44, 'blocks'),
    ],
  },
  {
    id: 'meeting-free:tue-morning', title: 'Keep Tuesday morning free of meetings', here: 'with meetings', elsewhere: 'without',
    why: 'On 19 half-days without meetings you had 1 h 36 min of focus, on 31 with meetings 52 min. Tuesday morning had meetings 5 of 6 times, 1 h 5 min of them: without these it would have gained most, by a careful estimate 31 min of focus a week.',
    evidence: [
      evidence('focus_ms', 'Focus in half a day', 'ms', 52 * 60_000, 96 * 60_000, 31, 19, 'half_days'),
      evidence('focus_ms_of_half_day', 'Of them, this half-day', 'ms', 41 * 60_000, 110 * 60_000, 5, 1, 'half_days'),
      evidence('short_gaps', 'Gaps under an hour between meetings, a week', 'per_week', 3.5, null, 21, 0, 'gaps'),
    ],
  },
  {
    id: 'late-evenings:21', title: 'End evenings before 21:00', here: 'after late evenings', elsewhere: 'other days',
    why: 'On 8 workdays after an evening with work past 21:00 you had 2 h 12 min of focus, on 18 others 3 h 5 min.',
    evidence: [evidence('focus_ms', 'Focus of the day', 'ms', 2.2 * HOUR, 3.08 * HOUR, 8, 18, 'days')],
  },
];

/** One person's own day, for the member's page. */
export class Me {
  constructor() {
    this.unit = new Unit({ id: 'p-1', name: 'Ada', parent: null, size: 40, busy: 1.1 }, 'me');
    this.since = Date.now() - 23 * 60_000;
    this.seq = 1;
    this.notUseful = new Map();
  }

  live() {
    const at = Date.now();
    const figures = this.unit.today();
    const medians = Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, typeof value === 'object' ? Math.round(value.median) : value]));
    return {
      at,
      freshness_ms: 140,
      now: { active: true, in_focus: true, in_meeting: false, since: this.since },
      day: {
        ...medians, comm_ms: HOUR, blocks: 3, deep_blocks: 1, stretch_ms: 0.6 * HOUR, messages_received: 48, messages_sent: 22,
        self_interruptions: 6, after_hours_ms: 0, first_active: this.unit.dayStart + 0.4 * HOUR, last_active: at,
      },
      windows: this.unit.windows(at).filter((w) => !w.suppressed).map(({ start, n, suppressed, ...rest }) => ({
        window_start: start, ...rest, active_ms: Math.round(rest.active_ms), focus_ms: Math.round(rest.focus_ms), meeting_ms: Math.round(rest.meeting_ms),
        interruptions: Math.round(rest.interruptions * 1.4), comm_ms: 20_000, switches: 3, messages_received: 1,
      })),
    };
  }

  risks(to) {
    const features = [['after_hours', 0.6, 0.84], ['overwork', 0.45, 0.72], ['short_rest', 0.3, 0.33], ['interruptions', 0.3, 0.27], ['meetings', 0.1, 0.06], ['low_mood', 0, 0]];
    return [{
      day: to, risk: 0.27, risk_low: 0.19, risk_high: 0.38, level: 'low', status: 'ok', model: 'baseline-1', active_days: 19, final: true,
      features: features.map(([name, value, contribution]) => ({ name, value, contribution })),
    }];
  }

  /** Half a year of made-up days, foreseen by rote. `naive`: as for somebody whom nothing foresees better than last week. */
  outlook({ naive = false, thin = false } = {}) {
    const today = Date.parse(isoDay(Date.now()));
    const at = (days) => isoDay(today + days * 86_400_000);
    const isOff = (day) => [0, 6].includes(new Date(day).getUTCDay());
    const needed = { history_days_needed: 28, worked_days_needed: 10 };
    const head = { scope: { kind: 'me', id: 'p-1', name: 'Ada' }, from: at(-182), to: at(-1), time_zone: 'Europe/Berlin' };
    if (thin) return { ...head, ...needed, enough_history: false, history_days: 9, worked_days: 6, forecasts: [], unusual: [], changes: [], weeks: [] };
    const forecast = (measure, size, error) => {
      const value = (day) => size * (0.75 + 0.5 * random(hash(`${measure} ${day}`))());
      const foreseen = (day) => size * [0, 1.1, 0.86, 1.02, 0.9, 1.05, 0][new Date(day).getUTCDay()];
      return {
        measure, method: naive ? 'same_weekday_last_week' : 'weekday_level', level: 0.8,
        backtest: {
          forecasts: 1513, days: 112, mean_error: naive ? error * 1.3 : error, mean_error_same_weekday: error * 1.25,
          beats_same_weekday: !naive, coverage: 0.78, coverage_forecasts: 1441,
        },
        recent: Array.from({ length: 28 }, (_, i) => ({ day: at(i - 28), value: isOff(at(i - 28)) || i === 11 ? null : value(at(i - 28)) })),
        days: Array.from({ length: 14 }, (_, i) => at(i + 1)).map((day) =>
          isOff(day) ? { day, day_off: true, value: null, low: null, high: null } : { day, day_off: false, value: foreseen(day), low: foreseen(day) - 1.6 * error, high: foreseen(day) + 1.5 * error },
        ),
      };
    };
    const monday = today - ((new Date(today).getUTCDay() + 6) % 7) * 86_400_000;
    const patterns = [['standard_continuous', 9, 9], ['standard_continuous', 9, 9], ['long_continuous', 11, 11], ['standard_flexible', 8, 10], ['long_flexible', 11, 14], ['always_on', 13, 15], [null, null, null]];
    const weeks = Array.from({ length: 25 }, (_, i) => {
      const from = monday - (25 - i) * 7 * 86_400_000;
      const [pattern, active_hours, span_hours] = patterns[Math.floor(random(hash(`week ${i}`))() * patterns.length)];
      const known = (value) => (pattern === null ? null : value);
      return {
        week: `2026-W${i + 10}`, from: isoDay(from), to: isoDay(from + 6 * 86_400_000), workdays: pattern === null ? 2 : 5, pattern, active_hours, span_hours,
        within_schedule: known(active_hours < 11), time_of_day: known(pattern === 'always_on' ? 'evening' : 'standard'), break_hours: known(span_hours - active_hours),
        expected_hours: known(9), inside: known(0.93), before: known(0.02), after: known(0.05),
      };
    });
    return {
      ...head, ...needed, enough_history: true, history_days: 182, worked_days: 38,
      forecasts: [forecast('focus_ms', 3.4 * HOUR, 0.5 * HOUR), forecast('load', 14, 3.6)],
      unusual: [{ measure: 'load', day: at(-6), value: 51.5, usual: 14.2, workdays: 37, strength: 6.1 }],
      changes: [{ measure: 'meeting_ms', day: at(-64), before: 1.1 * HOUR, after: 2.2 * HOUR, workdays_before: 78, workdays_after: 42, strength: 1.8 }],
      weeks,
    };
  }

  advice() {
    const [from, to] = [isoDay(Date.now() - 42 * DAY), isoDay(Date.now() - DAY)];
    const all = ADVICE.map((piece) => ({ ...piece, kind: piece.id.split(':')[0], since: from, until: to }));
    return {
      scope: { kind: 'me', id: 'p-1', name: 'Ada' }, from, to, days: 27, least_days: 15,
      advice: all.filter(({ id }) => !this.notUseful.has(id)),
      hidden: all.filter(({ id }) => this.notUseful.has(id)).map(({ id, kind, title }) => ({ id, kind, title, until: this.notUseful.get(id) })),
    };
  }

  /** Whether there is such advice. */
  say(id, useful) {
    if (!ADVICE.some((piece) => piece.id === id)) return false;
    if (useful) this.notUseful.delete(id);
    else this.notUseful.set(id, Date.now() + 90 * DAY);
    return true;
  }

  trends(days) {
    return this.unit.trends(days).filter((p) => p.figures).map(({ day, figures }) => ({
      day, streak_days: 3, rest_ms: 13 * HOUR, final: true,
      figures: Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, value.median])),
    }));
  }
}
