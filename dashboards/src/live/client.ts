/**
 * Keeps one topic alive. Messages of a transport come in; the merged state and the state of the link go out.
 *
 * - A snapshot replaces everything. A delta is merged, one that was seen before is not. A delta whose seq jumps is the
 *   server's conflation for a slow reader and carries all that was skipped, so it is merged like any other.
 * - When the way breaks, it is opened again after a growing pause, from the last seq; what was shown stays.
 * - A way that fails twice without opening gives place to the next one (socket, events, polling). Beside a lesser way the
 *   client tries the better ones, ever more rarely, and goes over only when one of them opens.
 * - Silence is asked about, and then taken for death.
 * - An answer that no repetition can change (signed out, forbidden, no such topic) ends it.
 *
 * Deliberately absent: any knowledge of what the data mean.
 */
import { delay, type Backoff } from './backoff';
import { merge } from './merge';
import { PIPELINE, type Doc, type ServerMessage } from './protocol';
import type { Feed, Listener, Transport } from './transport';

export type LinkStatus =
  | { phase: 'connecting'; attempt: number }
  | { phase: 'live'; via: Transport['name'] }
  | { phase: 'waiting'; attempt: number; retryAt: number; reason: string }
  | { phase: 'refused'; code: string; reason: string }
  | { phase: 'closed' };

export interface Options {
  topic: string;
  transports: Transport[];
  onData(data: Doc): void;
  /** What the server says of its own work, beside the topic. */
  onPipeline?(data: Doc): void;
  onStatus(status: LinkStatus): void;
  random?: () => number;
  backoff?: Backoff;
  /** A way that says nothing for so long is taken for dead: a broken network need not close anything. */
  silenceMs?: number;
  /** A connection that lived so long was a good one: the next pause starts small again. */
  steadyMs?: number;
  /** Asked for a word after a sleep, a living server gives it within so long. */
  answerMs?: number;
  /** How long a lesser way is used before the better ones are tried again; doubles each time. */
  leaseMs?: number;
}

const TRIES_PER_WAY = 2;
const MOST_LEASE_DOUBLINGS = 4;
/** Error codes of the feed after which a new attempt is worth it. */
const PASSING = new Set(['internal', 'unavailable', 'too_many_connections', 'too_many_queries']);

type Timer = ReturnType<typeof setTimeout> | undefined;

/** Which life of the client a feed belongs to; null for one that is only being tried. */
interface Seat {
  epoch: number | null;
}

export class LiveClient {
  #options: Required<Options>;
  #state: Doc | null = null;
  #seq: number | null = null;
  #feed: Feed | null = null;
  /** A better way, tried beside the feed. */
  #trial: Feed | null = null;
  /** Grows whenever a feed is given up. */
  #epoch = 0;
  #rank = 0;
  #misses = 0;
  #attempt = 0;
  #upgrades = 0;
  #openedAt: number | null = null;
  #heardAt = 0;
  #status: LinkStatus = { phase: 'closed' };
  #retry: Timer;
  #silence: Timer;
  #lease: Timer;

  constructor(options: Options) {
    this.#options = {
      random: Math.random,
      backoff: { firstMs: 500, mostMs: 15_000 },
      silenceMs: 40_000,
      steadyMs: 10_000,
      answerMs: 5_000,
      leaseMs: 60_000,
      onPipeline: () => {},
      ...options,
    };
  }

  get status(): LinkStatus {
    return this.#status;
  }

  start(): void {
    if (this.#status.phase === 'closed') this.#connect();
  }

  stop(): void {
    this.#drop();
    clearTimeout(this.#retry);
    this.#say({ phase: 'closed' });
  }

  /** The network came back, or the page is looked at again: do not wait out the pause, nor trust a way that was long silent. */
  nudge(): void {
    if (this.#status.phase === 'waiting') this.#connect();
    else if (this.#status.phase === 'live' && Date.now() - this.#heardAt > this.#options.silenceMs / 4) this.#ask(this.#options.answerMs);
  }

  /** The browser knows that there is no network: no attempt can succeed, and an open socket would only look alive. */
  offline(): void {
    if (this.#status.phase === 'live' || this.#status.phase === 'connecting') this.#lost('this device is offline', true);
  }

  #connect(): void {
    const way = this.#options.transports[this.#rank];
    if (!way) return;
    this.#drop();
    this.#openedAt = null;
    this.#say({ phase: 'connecting', attempt: this.#attempt });
    this.#listen();
    const seat = { epoch: this.#epoch };
    const feed = way.connect(this.#options.topic, this.#seq, this.#listener(way, seat));
    if (seat.epoch === this.#epoch) this.#feed = feed;
    else feed.close();
  }

  #listener(way: Transport, seat: Seat): Listener {
    // Messages of a feed that was given up may still be on their way; they belong to nobody.
    const mine = () => seat.epoch === this.#epoch;
    return {
      open: () => {
        if (!mine()) return;
        this.#openedAt = Date.now();
        this.#misses = 0;
        this.#listen();
        if (this.#rank > 0) this.#borrow();
        // Resumed with nothing missed: no message need come.
        if (this.#seq !== null) this.#say({ phase: 'live', via: way.name });
      },
      alive: () => {
        if (mine()) this.#listen();
      },
      message: (message) => {
        if (mine()) this.#take(message, way.name);
      },
      closed: ({ reason, code, fatal }) => {
        if (!mine()) return;
        if (fatal) this.#refuse(code ?? 'refused', reason);
        else this.#lost(reason, this.#openedAt !== null);
      },
    };
  }

  #take(message: ServerMessage, via: Transport['name']): void {
    if (message.sub === PIPELINE) {
      if (message.type !== 'error') this.#options.onPipeline(message.data);
      return;
    }
    if (message.type === 'error') {
      if (PASSING.has(message.code)) this.#lost(message.message, true);
      else this.#refuse(message.code, message.message);
      return;
    }
    if (message.type === 'snapshot') {
      this.#state = message.data;
    } else {
      if (this.#state === null || this.#seq === null) return;
      if (message.seq <= this.#seq) return;
      this.#state = merge(this.#state, message.data);
    }
    this.#seq = message.seq;
    if (this.#status.phase !== 'live' || this.#status.via !== via) this.#say({ phase: 'live', via });
    this.#options.onData(this.#state);
  }

  /** `opened`: the way worked until now, so the fault is not with this kind of way. */
  #lost(reason: string, opened: boolean): void {
    this.#drop();
    const { transports, backoff, random, steadyMs } = this.#options;
    const lived = this.#openedAt === null ? 0 : Date.now() - this.#openedAt;
    if (lived >= steadyMs) this.#attempt = 0;
    if (opened) {
      this.#misses = 0;
    } else if (++this.#misses >= TRIES_PER_WAY) {
      this.#misses = 0;
      this.#rank = (this.#rank + 1) % transports.length;
    }
    const pause = delay(backoff, this.#attempt, random());
    this.#attempt += 1;
    this.#say({ phase: 'waiting', attempt: this.#attempt, retryAt: Date.now() + pause, reason });
    this.#retry = setTimeout(() => this.#connect(), pause);
  }

  #refuse(code: string, reason: string): void {
    this.#drop();
    this.#say({ phase: 'refused', code, reason });
  }

  /** On a lesser way: after a while the better ones are tried. */
  #borrow(): void {
    clearTimeout(this.#lease);
    this.#lease = setTimeout(() => {
      this.#upgrades = Math.min(this.#upgrades + 1, MOST_LEASE_DOUBLINGS);
      this.#try(0);
    }, this.#options.leaseMs * 2 ** this.#upgrades);
  }

  /** Tries a better way beside the feed, without a word to the reader; the feed is given up only when it opens. */
  #try(rank: number): void {
    this.#trial = null;
    const way = this.#options.transports[rank];
    if (!way || rank >= this.#rank) return this.#borrow();
    const seat: Seat = { epoch: null };
    const listener = this.#listener(way, seat);
    const trial = way.connect(this.#options.topic, this.#seq, {
      ...listener,
      open: () => {
        if (this.#trial !== trial) return;
        this.#trial = null;
        this.#drop();
        seat.epoch = this.#epoch;
        this.#feed = trial;
        this.#rank = rank;
        this.#attempt = 0;
        listener.open();
      },
      closed: (end) => {
        if (this.#trial === trial) this.#try(rank + 1);
        else listener.closed(end);
      },
    });
    this.#trial = trial;
    clearTimeout(this.#lease);
    this.#lease = setTimeout(() => {
      trial.close();
      this.#try(rank + 1);
    }, this.#options.silenceMs);
  }

  /** Something was heard. After half of the silence allowed the server is asked, after all of it given up. */
  #listen(): void {
    this.#heardAt = Date.now();
    const half = this.#options.silenceMs / 2;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#ask(half), half);
  }

  #ask(patienceMs: number): void {
    clearTimeout(this.#silence);
    this.#feed?.probe?.();
    this.#silence = setTimeout(() => this.#lost('nothing was heard for a while', this.#openedAt !== null), patienceMs);
  }

  #drop(): void {
    this.#epoch += 1;
    clearTimeout(this.#silence);
    clearTimeout(this.#lease);
    clearTimeout(this.#retry);
    this.#feed?.close();
    this.#feed = null;
    this.#trial?.close();
    this.#trial = null;
  }

  #say(status: LinkStatus): void {
    this.#status = status;
    this.#options.onStatus(status);
  }
}
