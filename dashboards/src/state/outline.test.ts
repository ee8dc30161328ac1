import { expect, test } from 'vitest';
import { outline } from './outline';

const team = (id: string, parent: string | null) => ({ id, name: id, parent, members: null });
const shape = (teams: ReturnType<typeof team>[]) => outline(teams).map(({ team: { id }, depth }) => `${depth}${id}`);

test('children stand under their parents, siblings by name', () => {
  expect(shape([team('z', null), team('b', 'a'), team('a', null), team('c', 'b'), team('aa', 'a')])).toEqual(['0a', '1aa', '1b', '2c', '0z']);
});

test('a hidden parent or a circle loses nobody', () => {
  expect(shape([team('b', 'hidden')])).toEqual(['0b']);
  expect(shape([team('a', 'b'), team('b', 'a')])).toEqual(['0a', '0b']);
});
