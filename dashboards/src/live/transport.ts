import type { ServerMessage } from './protocol';

export interface Listener {
  /** The way is open; messages may follow. */
  open(): void;
  /** Something came, if only a heartbeat. */
  alive(): void;
  message(message: ServerMessage): void;
  /** The way is gone, of itself. Never called after `close()`. `fatal` means that another attempt would fare no better. */
  closed(end: { reason: string; code?: string; fatal?: boolean }): void;
}

export interface Feed {
  /** Makes a living server say something, where silence alone proves nothing. */
  probe?(): void;
  close(): void;
}

/** One way to get a topic's messages. `from` is the last seq seen, to resume after it. */
export interface Transport {
  name: 'socket' | 'events' | 'polling';
  connect(topic: string, from: number | null, listener: Listener): Feed;
}

/** Answers that no repetition changes; the page has to say something instead. */
export function fatalStatus(status: number): boolean {
  return status === 400 || status === 401 || status === 403 || status === 404;
}
