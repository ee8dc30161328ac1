import type { LiveNow, LiveWindow } from '../api/shapes';

const RECENT_MS = 600_000;

/**
 * Who counts as active: what the server says of this moment, and never fewer than it shows for the latest windows, or in
 * focus or in meetings. A watcher reports a stretch of work when it is over, so this very moment alone would look empty.
 */
export function present(now: LiveNow, windows: readonly LiveWindow[], at: number): LiveNow {
  const recent = windows.filter((window) => window.start > at - RECENT_MS).map((window) => window.n ?? 0);
  return { ...now, active: Math.max(now.active, now.in_focus, now.in_meeting, ...recent) };
}
