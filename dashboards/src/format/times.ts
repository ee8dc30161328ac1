/** Times and dates in the reader's own zone and format. */

const WEEKDAYS = 7;

export function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const clockFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' });

export function clock(ms: number): string {
  return clockFormat.format(ms);
}

export function span(from: number, to: number): string {
  return `${clock(from)} – ${clock(to)}`;
}

/** Of a date `YYYY-MM-DD`, which has no zone. */
export function longDay(date: string): string {
  return dayFormat.format(Date.parse(`${date}T00:00:00Z`));
}

const shortFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });

export function shortDay(date: string): string {
  return date === '' ? '' : shortFormat.format(Date.parse(`${date}T00:00:00Z`));
}

/** Monday first, as in the contract. */
export function weekdays(style: 'short' | 'long', locale?: string): string[] {
  const format = new Intl.DateTimeFormat(locale, { weekday: style, timeZone: 'UTC' });
  const monday = Date.UTC(2024, 0, 1);
  return Array.from({ length: WEEKDAYS }, (_, i) => format.format(monday + i * 86_400_000));
}

/** The local date as the API wants it, `back` days before. */
export function isoDate(ms: number, back = 0): string {
  const at = new Date(ms);
  const local = new Date(Date.UTC(at.getFullYear(), at.getMonth(), at.getDate() - back));
  return local.toISOString().slice(0, 10);
}

/** The date of an instant in a zone, as the API wants it. */
export function isoDateIn(ms: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(ms);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}
