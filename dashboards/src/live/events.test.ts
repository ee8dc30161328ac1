import { expect, test } from 'vitest';
import { lines } from './events';

const STREAM = ': hello\n\nevent: message\nid: 7\ndata: {"a":1}\n\ndata: one\r\ndata:two\r\n\r\ndata: last\n\n';

test('cuts events out of the stream however it is chunked', () => {
  for (let size = 1; size <= STREAM.length; size++) {
    const seen: string[] = [];
    const read = lines((data, id) => seen.push(id === null ? data : `${id} ${data}`));
    for (let at = 0; at < STREAM.length; at += size) read(STREAM.slice(at, at + size));
    expect(seen, `chunks of ${size}`).toEqual(['7 {"a":1}', 'one\ntwo', 'last']);
  }
});

test('an event that is not finished is not given', () => {
  const seen: string[] = [];
  lines((data) => seen.push(data))('data: half\n');
  expect(seen).toEqual([]);
});
