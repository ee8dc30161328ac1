import type { Api } from '../api/client';
import type { MeLive, TeamLive } from '../api/shapes';
import { LiveClient, type LinkStatus } from '../live/client';
import { events } from '../live/events';
import { polling } from '../live/polling';
import { socket } from '../live/socket';
import { NOTHING, revived, withData, withPipeline, type Heard } from './heard';
import { poll } from './poll';

const POLL_MS = 10_000;
const PULSE_MS = 1_000;
/** A timer that comes so late has slept with the device. */
const SLEPT_MS = 10_000;

/** The live state of the topic on the page, for components to read. */
export class Feed {
  topic = $state<string | null>(null);
  data = $state.raw<TeamLive | MeLive | null>(null);
  status = $state.raw<LinkStatus>({ phase: 'closed' });
  heard = $state.raw<Heard>(NOTHING);

  /** Follows a topic until the function it gives back is called. */
  follow(api: Api, topic: string): () => void {
    this.topic = topic;
    this.data = null;
    this.heard = NOTHING;
    const secure = window.location.protocol === 'https:';
    const client = new LiveClient({
      topic,
      transports: [
        socket(`${secure ? 'wss' : 'ws'}://${window.location.host}/v1/live`, api.token),
        events('/v1/live/events', api.token),
        polling((which, signal) => poll(api, which, signal), POLL_MS),
      ],
      onData: (data) => {
        this.data = data as unknown as TeamLive | MeLive;
        this.heard = withData(this.heard, data, Date.now());
      },
      onPipeline: (data) => (this.heard = withPipeline(this.heard, data, Date.now())),
      onStatus: (status) => {
        if (status.phase === 'live' && this.status.phase !== 'live') this.heard = revived(this.heard, Date.now());
        this.status = status;
      },
    });
    const offline = () => client.offline();
    const nudge = () => {
      if (document.visibilityState === 'visible') client.nudge();
    };
    // A device that wakes with the page in front tells it nothing.
    let before = Date.now();
    const pulse = setInterval(() => {
      const now = Date.now();
      if (now - before > SLEPT_MS) nudge();
      before = now;
    }, PULSE_MS);
    window.addEventListener('offline', offline);
    window.addEventListener('online', nudge);
    document.addEventListener('visibilitychange', nudge);
    client.start();
    return () => {
      clearInterval(pulse);
      window.removeEventListener('offline', offline);
      window.removeEventListener('online', nudge);
      document.removeEventListener('visibilitychange', nudge);
      client.stop();
    };
  }
}
