import type { Api } from '../api/client';
import type { MeLive, TeamLive } from '../api/shapes';
import { LiveClient, type LinkStatus } from '../live/client';
import { events } from '../live/events';
import { polling } from '../live/polling';
import { socket } from '../live/socket';
import { poll } from './poll';

const POLL_MS = 10_000;

/** The live state of the topic on the page, for components to read. */
export class Feed {
  topic = $state<string | null>(null);
  data = $state.raw<TeamLive | MeLive | null>(null);
  status = $state.raw<LinkStatus>({ phase: 'closed' });
  /** When the last message came, by this device's clock. */
  heardAt = $state<number | null>(null);
  /** How far behind the newest events were when they came; a message without new events leaves it. */
  behindMs = $state<number | null>(null);

  /** Follows a topic until the function it gives back is called. */
  follow(api: Api, topic: string): () => void {
    this.topic = topic;
    this.data = null;
    this.heardAt = null;
    this.behindMs = null;
    const secure = window.location.protocol === 'https:';
    const client = new LiveClient({
      topic,
      transports: [
        socket(`${secure ? 'wss' : 'ws'}://${window.location.host}/v1/live`, api.token),
        events('/v1/live/events', api.token),
        polling((which, signal) => poll(api, which, signal), POLL_MS),
      ],
      onData: (data, heardAt) => {
        this.data = data as unknown as TeamLive | MeLive;
        this.heardAt = heardAt;
        const fresh = data['freshness_ms'];
        if (typeof fresh === 'number') this.behindMs = fresh;
      },
      onStatus: (status) => (this.status = status),
    });
    const offline = () => client.offline();
    const nudge = () => {
      if (document.visibilityState === 'visible') client.nudge();
    };
    window.addEventListener('offline', offline);
    window.addEventListener('online', nudge);
    document.addEventListener('visibilitychange', nudge);
    client.start();
    return () => {
      window.removeEventListener('offline', offline);
      window.removeEventListener('online', nudge);
      document.removeEventListener('visibilitychange', nudge);
      client.stop();
    };
  }
}
