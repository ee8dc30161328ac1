import { expect, test } from 'vitest';
import type { WhoAmI } from '../api/shapes';
import { unitLink } from './unit';

const teams = [{ id: 'a', name: 'Alpha', parent: null, members: 9 }];
const me: WhoAmI = { role: 'manager', person: 'p', name: 'P', teams: ['a'], org: false };

test('leads only where the reader may go', () => {
  expect(unitLink('a', teams, me)).toEqual({ name: 'Alpha', route: { page: 'team', id: 'a' } });
  expect(unitLink('unit-1', teams, me)).toEqual({ name: 'the unit above', route: null });
  expect(unitLink('unit-1', teams, me, 'All')).toEqual({ name: 'All', route: null });
  expect(unitLink('org', teams, me).route).toBeNull();
  expect(unitLink('org', teams, { ...me, org: true }).route).toEqual({ page: 'org' });
});
