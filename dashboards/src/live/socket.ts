import { parse, PIPELINE } from './protocol';
import type { Transport } from './transport';

const SUB = 'page';
/**
 * A browser does not show the server's pings to the page. To leave a subscription that does not exist is answered with
 * an error under that name, which only a living server sends.
 */
const PROBE = 'probe';

/** The WebSocket. A browser cannot set headers on it, so the token travels in the list of subprotocols. */
export function socket(url: string, token: string): Transport {
  return {
    name: 'socket',
    connect(topic, from, listener) {
      const ws = new WebSocket(url, ['focusflow.v1', `bearer.${token}`]);
      let done = false;
      ws.onopen = () => {
        ws.send(JSON.stringify({ op: 'subscribe', sub: SUB, topic, ...(from === null ? {} : { from }) }));
        ws.send(JSON.stringify({ op: 'subscribe', sub: PIPELINE, topic: PIPELINE }));
        listener.open();
      };
      ws.onmessage = (event) => {
        listener.alive();
        const message = typeof event.data === 'string' ? parse(event.data) : null;
        if (message && message.sub !== PROBE) listener.message(message);
      };
      ws.onclose = (event) => {
        if (done) return;
        done = true;
        listener.closed({ reason: event.reason || 'the connection broke off' });
      };
      return {
        probe() {
          if (ws.readyState === WebSocket.OPEN) ws.send(JSON.stringify({ op: 'unsubscribe', sub: PROBE }));
        },
        close() {
          done = true;
          ws.onmessage = null;
          // Closed while it opens, a socket complains in the console.
          if (ws.readyState === WebSocket.CONNECTING) ws.onopen = () => ws.close(1000);
          else ws.close(1000);
        },
      };
    },
  };
}
