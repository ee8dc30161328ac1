import type { Doc } from './protocol';
import { fatalStatus, type Transport } from './transport';

/** The last resort: asks again every few seconds. `load` puts the topic's data together from REST answers. */
export function polling(load: (topic: string, signal: AbortSignal) => Promise<Doc>, everyMs: number): Transport {
  return {
    name: 'polling',
    connect(topic, _from, listener) {
      const stop = new AbortController();
      let timer: ReturnType<typeof setTimeout> | undefined;
      let opened = false;
      let asking = false;
      const ask = async () => {
        if (asking) return;
        asking = true;
        clearTimeout(timer);
        try {
          const data = await load(topic, stop.signal);
          if (stop.signal.aborted) return;
          if (!opened) listener.open();
          opened = true;
          asking = false;
          listener.alive();
          listener.message({ type: 'snapshot', seq: null, data });
          timer = setTimeout(() => void ask(), everyMs);
        } catch (error) {
          if (stop.signal.aborted) return;
          const { status, code, message } = error as { status?: number; code?: string; message?: string };
          listener.closed({
            reason: message ?? String(error),
            fatal: status !== undefined && fatalStatus(status),
            ...(code === undefined ? {} : { code }),
          });
        }
      };
      void ask();
      return {
        probe: () => void ask(),
        close() {
          stop.abort();
          clearTimeout(timer);
        },
      };
    },
  };
}
