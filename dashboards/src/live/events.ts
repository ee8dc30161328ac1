import { parse, PIPELINE } from './protocol';
import { fatalStatus, type Transport } from './transport';

/** Server-Sent Events over fetch, since `EventSource` can send no Authorization header. */
export function events(url: string, token: string): Transport {
  // What the server resumes from here is its own event id, not the seq of one topic. `sub` is the topic's name.
  let lastId: string | null = null;
  return {
    name: 'events',
    connect(topic, from, listener) {
      const stop = new AbortController();
      const run = async () => {
        const response = await fetch(`${url}?${new URLSearchParams([['topic', topic], ['topic', PIPELINE]])}`, {
          headers: {
            authorization: `Bearer ${token}`,
            accept: 'text/event-stream',
            ...(from === null || lastId === null ? {} : { 'last-event-id': lastId }),
          },
          signal: stop.signal,
        });
        if (!response.ok || !response.body) {
          const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
          const reason = problem.detail ?? `HTTP ${response.status}`;
          const code = problem.code ?? `http_${response.status}`;
          listener.closed({ reason, code, fatal: fatalStatus(response.status) });
          return;
        }
        listener.open();
        const read = lines((data, id) => {
          lastId = id ?? lastId;
          const message = parse(data);
          if (message) listener.message(message);
        });
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          listener.alive();
          read(value);
        }
        listener.closed({ reason: 'the event stream ended' });
      };
      run().catch((error: unknown) => {
        // What a browser says here ("Failed to fetch", "network error") tells a reader nothing.
        if (!stop.signal.aborted) listener.closed({ reason: error instanceof TypeError ? 'the server cannot be reached' : String(error) });
      });
      return { close: () => stop.abort() };
    },
  };
}

/** Cuts a text stream into events: what stands between two blank lines, whatever the chunks are. */
export function lines(event: (data: string, id: string | null) => void): (chunk: string) => void {
  let rest = '';
  let data: string[] = [];
  let id: string | null = null;
  return (chunk) => {
    rest += chunk;
    // A carriage return at the very end may be half of a CRLF: it waits for the next chunk.
    const cut = rest.split(/\r\n|\n|\r(?!$)/);
    rest = cut.pop() ?? '';
    for (const line of cut) {
      if (line === '') {
        if (data.length > 0) event(data.join('\n'), id);
        data = [];
        id = null;
      } else if (line.startsWith('data:')) {
        data.push(field(line));
      } else if (line.startsWith('id:')) {
        id = field(line);
      }
    }
  };
}

function field(line: string): string {
  const value = line.slice(line.indexOf(':') + 1);
  return value.startsWith(' ') ? value.slice(1) : value;
}
