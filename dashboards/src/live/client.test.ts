import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LiveClient, type LinkStatus, type Options } from './client';
import { parse, type Doc } from './protocol';
import type { Listener, Transport } from './transport';

interface Call {
  name: string;
  from: number | null;
  listener: Listener;
  closed: boolean;
  probes: number;
}

function bench(extra: Partial<Options> = {}) {
  const calls: Call[] = [];
  const states: Doc[] = [];
  const statuses: LinkStatus[] = [];
  const pipeline: Doc[] = [];
  const way = (name: Transport['name']): Transport => ({
    name,
    connect(_topic, from, listener) {
      const call: Call = { name, from, listener, closed: false, probes: 0 };
      calls.push(call);
      return { close: () => (call.closed = true), probe: () => (call.probes += 1) };
    },
  });
  const client = new LiveClient({
    topic: 'team:t-1',
    transports: [way('socket'), way('events'), way('polling')],
    onData: (data) => states.push(data),
    onStatus: (status) => statuses.push(status),
    onPipeline: (data) => pipeline.push(data),
    random: () => 1,
    ...extra,
  });
  client.start();
  const last = () => calls[calls.length - 1]!;
  const live = (seq = 10, data: Doc = { n: 5 }) => {
    last().listener.open();
    last().listener.message({ type: 'snapshot', seq, data });
  };
  return { client, calls, states, statuses, pipeline, last, live, state: () => states[states.length - 1], status: () => statuses[statuses.length - 1] };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('messages', () => {
  test('a snapshot, then deltas merged into it', () => {
    const b = bench();
    b.live(10, { n: 5, now: { active: 5, in_focus: 1 } });
    b.last().listener.message({ type: 'delta', seq: 11, data: { now: { in_focus: 2 } } });
    expect(b.state()).toEqual({ n: 5, now: { active: 5, in_focus: 2 } });
    expect(b.status()).toEqual({ phase: 'live', via: 'socket' });
  });

  test('a delta without a snapshot, or one seen before, changes nothing', () => {
    const b = bench();
    b.last().listener.open();
    b.last().listener.message({ type: 'delta', seq: 4, data: { n: 1 } });
    expect(b.states).toEqual([]);
    b.live(10);
    b.last().listener.message({ type: 'delta', seq: 10, data: { n: 99 } });
    b.last().listener.message({ type: 'delta', seq: 9, data: { n: 98 } });
    expect(b.state()).toEqual({ n: 5 });
  });

  test('a conflated delta (its seq jumps) is merged, and resuming goes on from its seq', () => {
    const b = bench();
    b.live(10);
    b.last().listener.message({ type: 'delta', seq: 57, data: { n: 7 } });
    expect(b.state()).toEqual({ n: 7 });
    b.last().listener.closed({ reason: 'gone' });
    vi.advanceTimersByTime(500);
    expect(b.last().from).toBe(57);
  });

  test('a snapshot replaces everything, also one with a lower seq (the server began anew)', () => {
    const b = bench();
    b.live(1000, { n: 5, old: true });
    b.last().listener.message({ type: 'snapshot', seq: 3, data: { n: 6 } });
    expect(b.state()).toEqual({ n: 6 });
    b.last().listener.message({ type: 'delta', seq: 4, data: { n: 8 } });
    expect(b.state()).toEqual({ n: 8 });
  });

  test('what is not understood is passed over', () => {
    for (const text of ['', '{', '[]', '"x"', '{"type":"hello"}', '{"type":"delta","seq":"1","data":{}}', '{"type":"snapshot","seq":1}']) {
      expect(parse(text)).toBeNull();
    }
    expect(parse('{"type":"error","code":"forbidden","message":"no"}')).toEqual({ type: 'error', code: 'forbidden', message: 'no' });
  });
});

describe('the link', () => {
  test('comes back after a break, resumes from the last seq and keeps the state meanwhile', () => {
    const b = bench();
    b.live(10);
    b.last().listener.closed({ reason: 'server restart' });
    expect(b.status()).toMatchObject({ phase: 'waiting', reason: 'server restart' });
    vi.advanceTimersByTime(499);
    expect(b.calls).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(b.calls).toHaveLength(2);
    expect(b.last().from).toBe(10);
    b.last().listener.open();
    b.last().listener.message({ type: 'delta', seq: 11, data: { n: 6 } });
    expect(b.state()).toEqual({ n: 6 });
    expect(b.status()).toEqual({ phase: 'live', via: 'socket' });
  });

  test('pauses grow while it fails and start small again only after a connection that lasted', () => {
    const b = bench();
    const pauses: number[] = [];
    const fail = () => {
      b.last().listener.closed({ reason: 'x' });
      const status = b.status();
      if (status?.phase !== 'waiting') throw new Error('not waiting');
      pauses.push(status.retryAt - Date.now());
      vi.advanceTimersByTime(status.retryAt - Date.now());
    };
    fail();
    fail();
    fail();
    b.live();
    fail(); // broke at once: a server that lets in and throws out must not be hammered
    b.live();
    vi.advanceTimersByTime(10_000);
    fail();
    expect(pauses).toEqual([500, 1000, 2000, 4000, 500]);
  });

  test('falls back to events and then polling when a way never opens, and to the socket when all failed', () => {
    const b = bench();
    for (let i = 0; i < 6; i++) {
      b.last().listener.closed({ reason: 'x' });
      vi.advanceTimersByTime(15_000);
    }
    expect(b.calls.map((c) => c.name)).toEqual(['socket', 'socket', 'events', 'events', 'polling', 'polling', 'socket']);
  });

  test('a way that worked is tried again, not replaced', () => {
    const b = bench();
    for (let i = 0; i < 4; i++) {
      b.live();
      b.last().listener.closed({ reason: 'x' });
      vi.advanceTimersByTime(15_000);
    }
    expect(new Set(b.calls.map((c) => c.name))).toEqual(new Set(['socket']));
  });

  describe('on a lesser way', () => {
    const onEvents = () => {
      const b = bench({ silenceMs: 1e9 });
      while (b.last().name === 'socket') {
        b.last().listener.closed({ reason: 'x' });
        vi.advanceTimersByTime(1500);
      }
      b.live(10);
      return { ...b, events: b.last() };
    };

    test('the socket is tried beside it, ever more rarely, and nobody notices when it fails', () => {
      const { events, last, calls, statuses, state } = onEvents();
      const before = statuses.length;
      for (const minutes of [1, 2, 4, 8, 16, 16]) {
        const known = calls.length;
        vi.advanceTimersByTime(minutes * 60_000 - 1);
        expect(calls).toHaveLength(known);
        vi.advanceTimersByTime(1);
        expect(last().name).toBe('socket');
        events.listener.message({ type: 'delta', seq: known + 10, data: { n: known } });
        expect(state()).toEqual({ n: known });
        last().listener.closed({ reason: 'blocked' });
      }
      expect(events.closed).toBe(false);
      expect(statuses).toHaveLength(before);
    });

    test('it goes over when the socket opens, and from the seq it has', () => {
      const { events, last, status, state } = onEvents();
      vi.advanceTimersByTime(60_000);
      expect(last()).toMatchObject({ name: 'socket', from: 10 });
      events.listener.message({ type: 'delta', seq: 11, data: { n: 11 } });
      last().listener.open();
      expect(events.closed).toBe(true);
      expect(status()).toEqual({ phase: 'live', via: 'socket' });
      last().listener.message({ type: 'delta', seq: 11, data: { n: 99 } });
      last().listener.message({ type: 'delta', seq: 12, data: { n: 12 } });
      expect(state()).toEqual({ n: 12 });
      last().listener.closed({ reason: 'x' });
      expect(status()?.phase).toBe('waiting');
    });

    test('a try that never answers is given up, a feed that breaks ends it', () => {
      const b = bench({ silenceMs: 40_000 });
      while (b.last().name !== 'polling') {
        b.last().listener.closed({ reason: 'x' });
        vi.advanceTimersByTime(15_000);
      }
      b.last().listener.open();
      b.last().listener.message({ type: 'snapshot', seq: null, data: { n: 5 } });
      const polling = b.last();
      const pass = (ms: number) => {
        for (let at = 0; at < ms; at += 10_000) {
          vi.advanceTimersByTime(10_000);
          polling.listener.alive();
        }
      };
      pass(60_000);
      const socket = b.last();
      expect(socket).toMatchObject({ name: 'socket', closed: false });
      pass(40_000);
      expect(socket.closed).toBe(true);
      expect(b.last().name).toBe('events');
      polling.listener.closed({ reason: 'gone' });
      expect(b.last()).toMatchObject({ name: 'events', closed: true });
      vi.advanceTimersByTime(500);
      expect(b.last().name).toBe('polling');
    });
  });

  test('silence is asked about, then taken for death', () => {
    const b = bench();
    b.live();
    vi.advanceTimersByTime(19_000);
    expect(b.last().probes).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(b.last().probes).toBe(1);
    b.last().listener.alive();
    vi.advanceTimersByTime(39_000);
    expect(b.last().probes).toBe(2);
    expect(b.status()?.phase).toBe('live');
    vi.advanceTimersByTime(1_000);
    expect(b.status()?.phase).toBe('waiting');
    expect(b.calls[0]!.closed).toBe(true);
  });

  test('after a sleep the server is asked at once, and has little time to answer', () => {
    const b = bench();
    b.live();
    vi.advanceTimersByTime(9_000);
    b.client.nudge();
    expect(b.last().probes).toBe(0);
    vi.setSystemTime(Date.now() + 3 * 3_600_000);
    b.client.nudge();
    expect(b.last().probes).toBe(1);
    b.last().listener.alive();
    vi.advanceTimersByTime(5_000);
    expect(b.status()?.phase).toBe('live');
    vi.setSystemTime(Date.now() + 3 * 3_600_000);
    b.client.nudge();
    vi.advanceTimersByTime(5_000);
    expect(b.status()?.phase).toBe('waiting');
  });

  test('what the server says of its own work is handed on, and its refusal is nobody\'s matter', () => {
    const b = bench();
    b.live();
    b.last().listener.message({ sub: 'pipeline', type: 'snapshot', seq: 900, data: { lag_events: 3 } });
    b.last().listener.message({ sub: 'pipeline', type: 'error', code: 'forbidden', message: 'no' });
    b.last().listener.message({ sub: 'page', type: 'delta', seq: 11, data: { n: 6 } });
    expect(b.pipeline).toEqual([{ lag_events: 3 }]);
    expect(b.state()).toEqual({ n: 6 });
    expect(b.status()?.phase).toBe('live');
  });

  test('resumed with nothing missed it is live, though no message comes', () => {
    const b = bench();
    b.live(10);
    b.last().listener.closed({ reason: 'x' });
    vi.advanceTimersByTime(500);
    b.last().listener.open();
    expect(b.status()).toEqual({ phase: 'live', via: 'socket' });
  });

  test('a refusal ends it: no further attempt', () => {
    const b = bench();
    b.last().listener.open();
    b.last().listener.message({ type: 'error', code: 'forbidden', message: 'not your team' });
    expect(b.status()).toEqual({ phase: 'refused', code: 'forbidden', reason: 'not your team' });
    vi.advanceTimersByTime(1e6);
    expect(b.calls).toHaveLength(1);
  });

  test('an error that passes is waited out', () => {
    const b = bench();
    b.live();
    b.last().listener.message({ type: 'error', code: 'unavailable', message: 'busy' });
    expect(b.status()?.phase).toBe('waiting');
    vi.advanceTimersByTime(500);
    expect(b.calls).toHaveLength(2);
  });

  test('messages of a feed that was given up are nobody\'s', () => {
    const b = bench();
    b.live(10);
    const old = b.last();
    old.listener.closed({ reason: 'x' });
    vi.advanceTimersByTime(500);
    b.live(20, { n: 20 });
    old.listener.message({ type: 'snapshot', seq: 99, data: { n: 99 } });
    old.listener.closed({ reason: 'again' });
    expect(b.state()).toEqual({ n: 20 });
    expect(b.status()?.phase).toBe('live');
  });

  test('offline breaks it at once, a nudge ends the pause at once', () => {
    const b = bench();
    b.live();
    b.client.offline();
    expect(b.status()).toMatchObject({ phase: 'waiting', reason: 'this device is offline' });
    b.client.nudge();
    expect(b.calls).toHaveLength(2);
    b.live();
    b.client.nudge();
    expect(b.calls).toHaveLength(2);
  });

  test('after stop nothing happens any more', () => {
    const b = bench();
    b.live();
    b.client.stop();
    b.calls[0]!.listener.message({ type: 'delta', seq: 11, data: { n: 1 } });
    b.calls[0]!.listener.closed({ reason: 'x' });
    vi.advanceTimersByTime(1e6);
    expect(b.calls).toHaveLength(1);
    expect(b.state()).toEqual({ n: 5 });
    expect(b.status()).toEqual({ phase: 'closed' });
  });
});
