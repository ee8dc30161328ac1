/** Numbers and durations as text, in the reader's own number format. Null, the suppressed, is a dash everywhere. */

export const NONE = '–';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const formats = new Map<string, Intl.NumberFormat>();

function format(least: number, most: number, locale: string | undefined): Intl.NumberFormat {
  const key = `${locale} ${least} ${most}`;
  let known = formats.get(key);
  if (!known) formats.set(key, (known = new Intl.NumberFormat(locale, { minimumFractionDigits: least, maximumFractionDigits: most })));
  return known;
}

export function count(value: number | null | undefined, locale?: string): string {
  return value == null ? NONE : format(0, 0, locale).format(value);
}

/** One decimal below ten, where it tells something; none from there. */
export function figure(value: number | null | undefined, locale?: string): string {
  if (value == null) return NONE;
  const digits = Math.abs(value) < 9.95 && !Number.isInteger(value) ? 1 : 0;
  return format(digits, digits, locale).format(value);
}

export function percent(share: number | null | undefined, locale?: string): string {
  return share == null ? NONE : `${format(0, 0, locale).format(share * 100)} %`;
}

/** `2 h 41 min`, `41 min`, `0 min`. */
export function duration(ms: number | null | undefined, locale?: string): string {
  if (ms == null) return NONE;
  const minutes = Math.round(ms / MINUTE);
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours === 0) return `${count(rest, locale)} min`;
  return rest === 0 ? `${count(hours, locale)} h` : `${count(hours, locale)} h ${count(rest, locale)} min`;
}

/** Minutes of a five-minute window: `2.4`. */
export function minutes(ms: number | null | undefined, locale?: string): string {
  return ms == null ? NONE : format(1, 1, locale).format(ms / MINUTE);
}

/** How far behind: `0.2 s`, `45 s`, `12 min`, `3 h`. */
export function behind(ms: number, locale?: string): string {
  if (ms < 9_950) return `${format(1, 1, locale).format(Math.max(0, ms) / 1000)} s`;
  if (ms < 59_500) return `${count(ms / 1000, locale)} s`;
  return ms < HOUR ? `${count(Math.floor(ms / MINUTE), locale)} min` : `${count(Math.floor(ms / HOUR), locale)} h`;
}
