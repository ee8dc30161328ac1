import { count, duration, figure } from '../format/numbers';

/** The figures of a day that have a card of their own, on a person's page and on a group's alike. */
export const FIGURE_CARDS = [
  { about: 'focus_ms', title: 'Focus time', say: duration, tint: 'focus' },
  { about: 'meeting_ms', title: 'Meetings', say: duration, tint: 'meeting' },
  { about: 'switches', title: 'Switches', say: count, tint: 'ink-faint' },
  { about: 'interruptions', title: 'Interruptions', say: figure, tint: 'interrupt' },
  { about: 'focus_score', title: 'Focus score', say: count, tint: 'focus' },
] as const;

export type FigureName = (typeof FIGURE_CARDS)[number]['about'];
