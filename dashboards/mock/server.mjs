// A stand-in for the real server while the page is made: the REST and live shapes over made-up, moving data.
//   node mock/server.mjs [port]        tokens: demo (admin), manager, member, ingest, empty (admin of a new installation)
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ACCURACY } from './accuracy.mjs';
import { accept, frame, listen } from './websocket.mjs';
import { K, Me, ORG, TEAMS, Unit } from './world.mjs';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const CSP = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const STEP_MS = 600;

const CALLERS = {
  demo: { role: 'admin', person: null, name: null, teams: TEAMS.map((t) => t.id), org: true },
  manager: { role: 'manager', person: 'p-9', name: 'Grace', teams: ['t-1', 't-5'], org: false },
  member: { role: 'member', person: 'p-1', name: 'Ada', teams: [], org: false },
  ingest: { role: 'ingest', person: null, name: null, teams: [], org: false },
  empty: { role: 'admin', person: null, name: null, teams: [], org: true },
};

export async function start(port = 0) {
  const units = new Map([...TEAMS.map((t) => [t.id, new Unit(t, 'team')]), ['org', new Unit(ORG, 'org')]]);
  const nothing = new Unit({ ...ORG, size: 0 }, 'org');
  const me = new Me();
  const refuse = new Set();
  const sockets = new Set();
  const streams = new Set();
  let frozen = false;
  /** Nothing is said any more over open connections, not even that somebody lives here. */
  let deaf = false;
  let waiting = 0;
  let ahead = 0;

  /** The unit whose figures are shown for `id`: itself, or the nearest one above it that is large enough. */
  const resolve = (caller, id) => {
    if (caller === CALLERS.empty) return { unit: nothing, up: null };
    let unit = units.get(id);
    let up = null;
    while (unit?.hidden && unit.entry.parent) unit = units.get((up = unit.entry.parent));
    return { unit, up };
  };
  const may = (caller, topic) => {
    if (topic === 'me') return caller.person !== null;
    if (topic === 'org') return caller.org;
    return topic.startsWith('team:') && caller.teams.includes(topic.slice(5));
  };
  const nameOf = (id) => (id === null ? null : (units.get(id)?.entry.name ?? ORG.name));
  const dress = (data, caller, id, up) => (up === null ? data : { ...data, scope: { kind: 'team', id, name: units.get(id).entry.name }, rolled_up_to: up, rolled_up_to_name: nameOf(up) });

  /** Subscribes `send` to a topic; gives the way out. */
  const subscribe = (caller, topic, from, send) => {
    const nowhere = () => {};
    if (topic === 'pipeline') {
      const tell = (type) => send({ type, seq: 1, data: { at: Date.now() + ahead, events_per_s: 12, lag_events: waiting, lag_ms: waiting > 0 ? 90_000 : 0, freshness_ms: null, partitions: [], connections: 1 } });
      const timer = setInterval(() => tell('delta'), 1000);
      tell('snapshot');
      return () => clearInterval(timer);
    }
    if (!/^(me|org|team:.+)$/.test(topic)) return (send({ type: 'error', code: 'unknown_topic', message: `There is no topic ${topic}.` }), nowhere);
    if (!may(caller, topic)) return (send({ type: 'error', code: 'forbidden', message: 'You may not see this unit.' }), nowhere);
    if (topic === 'me') {
      send({ type: 'snapshot', seq: me.seq, data: me.live() });
      const timer = setInterval(() => frozen || send({ type: 'delta', seq: ++me.seq, data: me.live() }), STEP_MS * 2);
      return () => clearInterval(timer);
    }
    const id = topic === 'org' ? 'org' : topic.slice(5);
    const { unit, up } = resolve(caller, id);
    const missed = typeof from === 'number' ? unit.since(from) : null;
    if (missed) for (const { seq, data } of missed) send({ type: 'delta', seq, data });
    else send({ type: 'snapshot', seq: unit.seq, data: dress(unit.snapshot(), caller, id, up) });
    const listener = (delta) => send({ type: 'delta', seq: unit.seq, data: delta });
    (unit.listeners ??= new Set()).add(listener);
    return () => unit.listeners.delete(listener);
  };

  const ticking = setInterval(() => {
    if (frozen) return;
    for (const unit of units.values()) {
      const delta = unit.listeners?.size ? unit.step() : null;
      if (delta) for (const listener of unit.listeners) listener(delta);
    }
  }, STEP_MS);

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://mock');
    const json = (status, body) => {
      response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json', 'cache-control': 'no-store' });
      response.end(JSON.stringify(body));
    };
    const problem = (status, code, detail) => json(status, { type: `about:blank#${code}`, title: code, status, code, detail });

    if (url.pathname === '/mock/control' && request.method === 'POST') {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const order = JSON.parse(Buffer.concat(chunks).toString());
      if (order.refuse) refuse.clear();
      for (const way of order.refuse ?? []) refuse.add(way);
      if (order.drop) for (const socket of [...sockets, ...streams]) socket.destroy();
      if ('freeze' in order) frozen = order.freeze;
      if ('deaf' in order) deaf = order.deaf;
      if ('waiting' in order) waiting = order.waiting;
      if ('ahead' in order) ahead = order.ahead;
      return json(200, {});
    }
    if (url.pathname.startsWith('/v1/')) {
      const caller = CALLERS[(request.headers.authorization ?? '').replace(/^Bearer /, '')];
      if (!caller) return problem(401, 'unauthorized', 'The token is not known.');
      if (refuse.has('rest')) return problem(503, 'unavailable', 'The store does not answer. Try again in a moment.');
      if (url.pathname === '/v1/whoami') return json(200, caller);
      if (url.pathname === '/v1/teams') {
        return json(200, { teams: TEAMS.filter((t) => caller.teams.includes(t.id)).map((t) => ({ id: t.id, name: t.name, parent: t.parent, members: t.size < K ? null : t.size })) });
      }
      if (url.pathname === '/v1/live/events') {
        if (refuse.has('events')) return problem(503, 'unavailable', 'No event streams today.');
        const [topic = '', ...beside] = url.searchParams.getAll('topic');
        if (!may(caller, topic)) return problem(403, 'forbidden', 'You may not see this unit.');
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
        const last = /=(\d+)$/.exec(request.headers['last-event-id'] ?? '');
        let seq = 0;
        const write = (sub) => (message) => {
          if (sub === topic) seq = message.seq;
          if (!deaf) response.write(`event: ${message.type}\nid: ${topic}=${seq}\ndata: ${JSON.stringify({ sub, ...message })}\n\n`);
        };
        const leaving = [subscribe(caller, topic, last ? Number(last[1]) : undefined, write(topic)), ...beside.map((sub) => subscribe(caller, sub, undefined, write(sub)))];
        streams.add(request.socket);
        request.socket.on('close', () => {
          for (const leave of leaving) leave();
          streams.delete(request.socket);
        });
        return;
      }
      if (url.pathname === '/v1/burnout/accuracy') return json(200, ACCURACY);
      const [, first, second, third] = url.pathname.slice(1).split('/');
      const isMe = first === 'me';
      if (isMe && second === 'advice') {
        if (!may(caller, 'me')) return problem(403, 'forbidden', 'A person\'s own page is for that person.');
        if (third === undefined) return json(200, me.advice());
        if (!me.say(decodeURIComponent(third), request.method === 'DELETE')) return problem(404, 'not_found', 'There is no advice of this id.');
        return response.writeHead(204).end();
      }
      const id = first === 'teams' ? decodeURIComponent(second) : 'org';
      const what = first === 'teams' ? third : second;
      const topic = isMe ? 'me' : first === 'teams' ? `team:${id}` : 'org';
      if (!['teams', 'org', 'me'].includes(first)) return problem(404, 'not_found', 'There is nothing at this address.');
      if (!may(caller, topic)) return problem(403, 'forbidden', 'You may not see this unit.');
      const { unit, up } = isMe ? { unit: me.unit, up: null } : resolve(caller, id);
      const from = url.searchParams.get('from') ?? new Date(Date.now() - 6 * 86_400_000).toISOString().slice(0, 10);
      const to = url.searchParams.get('to') ?? new Date().toISOString().slice(0, 10);
      const days = Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;
      const scope = isMe ? { kind: 'me', id: 'p-1', name: 'Ada' } : { kind: unit.scope.kind, id, name: units.get(id)?.entry.name ?? ORG.name };
      const head = { scope, from, to, ...(isMe ? {} : { k: K, rolled_up_to: up, rolled_up_to_name: nameOf(up) }) };
      if (isMe && what === 'outlook') return json(200, me.outlook());
      if (what === 'trends') return json(200, { ...head, points: isMe ? me.trends(days) : unit.trends(days) });
      if (what === 'heatmap') return json(200, { ...head, k: K, rolled_up_to: up, rolled_up_to_name: nameOf(up), time_zone: 'Europe/Berlin', cells: unit.heat().filter((cell) => !isMe || !cell.suppressed) });
      if (what === 'burnout') return json(200, { ...head, ...(isMe ? {} : { k: 8 }), points: isMe ? me.risks(to) : unit.levels(to) });
      if (what === 'summary') return json(200, { ...head, n: unit.hidden ? null : unit.entry.size, suppressed: unit.hidden, days: days, figures: unit.summary() });
      if (what === 'timeline') {
        const points = unit.hidden ? [] : unit.windows();
        return json(200, { ...head, from: unit.dayStart, to: Date.now(), k: K, rolled_up_to: up, rolled_up_to_name: nameOf(up), step: '5m', time_zone: 'Europe/Berlin', points });
      }
      return problem(404, 'not_found', 'There is nothing at this address.');
    }
    const path = normalize(url.pathname === '/' ? '/index.html' : url.pathname);
    try {
      const body = await readFile(join(DIST, path));
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'content-security-policy': CSP });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });

  server.on('upgrade', (request, socket) => {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((p) => p.trim());
    const token = offered.find((p) => p.startsWith('bearer.'))?.slice('bearer.'.length);
    const caller = CALLERS[token];
    if (refuse.has('socket') || !caller || !offered.includes('focusflow.v1')) return socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
    accept(request, socket, 'focusflow.v1');
    sockets.add(socket);
    const leaving = new Map();
    listen(socket, {
      text(text) {
        const { op, sub, topic, from } = JSON.parse(text);
        const send = (message) => !deaf && socket.writable && socket.write(frame(JSON.stringify({ sub, ...message })));
        if (op === 'subscribe') leaving.set(sub, subscribe(caller, topic, from, send));
        else if (!leaving.has(sub)) send({ type: 'error', code: 'unknown_sub', message: `There is no subscription ${sub}.` });
      },
      closed() {
        sockets.delete(socket);
        for (const leave of leaving.values()) leave();
      },
    });
  });

  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop() {
      clearInterval(ticking);
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await start(Number(process.argv[2] ?? 7878));
  console.log(`mock at ${url}/#token=demo`);
}
