// What /v1/burnout/accuracy says where a learned model serves: that of the example card.
import { readFile } from 'node:fs/promises';

const card = JSON.parse(await readFile(new URL('../../schemas/examples/model-card.json', import.meta.url), 'utf8'));
const { held_out: held, data } = card;

export const ACCURACY = {
  model: { name: card.name, learned: true, since: '2026-07-06', beside: [] },
  is: 'An estimate, from patterns of work over four weeks, of how likely you would say yes to the question whether you feel burnt out. A reason to talk about workload.',
  is_not: ['A diagnosis, or a statement about your health.', 'Right about each person: most of what wears people out leaves no trace at a computer.'],
  seen_by: 'Nobody but you sees it under your name. Those who lead a team see how many of at least eight people are at each level. Nobody is ranked.',
  elevated_from: 0.3,
  high_from: 0.55,
  features: Object.entries(card.weights).map(([name, weight]) => ({ name, weight })),
  measured: { people: held.people, answers: held.answers, yes: held.yes, from: data.from, to: data.to, scores: held.learned },
  lately: { model: card.name, auc: 0.78, brier: 0.13, calibration_error: 0.02, told: 0.21, came_true: 0.2 },
  published: {
    auc: 0.595,
    sources: ['Lou and others 2022, work logs of 88 physicians: AUC 0.595 (0.355 to 0.808)'],
    right: [[0.595, 0.1, 0.127], [0.595, 0.2, 0.247], [0.83, 0.1, 0.25], [0.83, 0.2, 0.429]].map(([auc, base_rate, precision]) => ({ auc, base_rate, precision })),
  },
};
