/** The messages of `GET /v1/live`, and how the text of one is read. */

export type Doc = Record<string, unknown>;

/** `seq` is null when the data did not come from the feed (polling), so there is nothing to resume from. */
export interface Snapshot {
  type: 'snapshot';
  seq: number | null;
  data: Doc;
}
export interface Delta {
  type: 'delta';
  seq: number;
  data: Doc;
}
export interface Failure {
  type: 'error';
  code: string;
  message: string;
}
/** The topic that every reader may listen to beside their own: how the server's work stands. Its subscription has its name. */
export const PIPELINE = 'pipeline';

export type ServerMessage = (Snapshot | Delta | Failure) & { sub?: string };

export function isDoc(value: unknown): value is Doc {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Null for what this version does not know: a newer server may say more than an older page understands. */
export function parse(text: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isDoc(value)) return null;
  const { type, seq, data, code, message } = value;
  const sub = typeof value['sub'] === 'string' ? { sub: value['sub'] } : {};
  if (type === 'error') return { type, code: String(code ?? 'unknown'), message: String(message ?? ''), ...sub };
  if ((type === 'snapshot' || type === 'delta') && typeof seq === 'number' && isDoc(data)) return { type, seq, data, ...sub };
  return null;
}
