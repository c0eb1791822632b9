/**
 * What the connections do, as numbers for Prometheus; pure, and without personal data.
 *
 * Source: Prometheus text exposition format 0.0.4.
 */
import type { EpochMs } from '../../lib/clock.js';
import type { SmppError } from '../../lib/errors.js';
import type { CounterName, GatewayStatus, LinkStatus } from '../../lib/message.js';

export interface MeasuredConnection {
  /** Of the connection node. */
  readonly id: string;
  /** A text, unless a hand has written something else into the flow file. */
  readonly name: unknown;
  readonly status: GatewayStatus;
}

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The help of each counter; its name is the counter's own, as Prometheus writes names. */
const COUNTERS: Readonly<Record<CounterName, string>> = {
  queued: 'SMS taken in',
  submitted: 'Segments written to the wire',
  accepted: 'SMS that the gateway accepted',
  rejected: 'SMS that the gateway refused for good',
  uncertain: 'SMS whose outcome nobody knows',
  expired: 'SMS that waited longer than they were worth',
  cancelled: 'SMS taken out of the queue',
  possibleDuplicates: 'SMS submitted again after an unknown outcome',
  receipts: 'Receipts, of segments',
  delivered: 'SMS that a phone has received',
  incoming: 'Incoming SMS',
  repeatedIncoming: 'Incoming SMS and receipts that came again and were left out',
  binds: 'Binds that the gateway accepted',
};

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];
type Samples = (status: GatewayStatus) => readonly Sample[];

const GAUGES: Readonly<Record<string, readonly [help: string, samples: Samples]>> = {
  cannot_run: [
    '1 while the connection cannot run: its settings are wrong, or its store cannot be opened',
    (it) => one(it.state === 'stopped' && it.error !== undefined),
  ],
  connected: [
    '1 while the connection can carry what its mode promises',
    (it) => one(it.state === 'connected'),
  ],
  maintenance: ['1 while the gateway restarts', (it) => one(it.state === 'maintenance')],
  login_refused: ['1 while the gateway refuses the login', (it) => one(it.state === 'refused')],
  disconnected: ['1 when there has been no link for 30 s', (it) => one(it.state === 'disconnected')],
  queue: [
    'SMS taken in and not settled',
    ({ queue }) => (['alarm', 'normal', 'bulk'] as const).map((priority) => [{ priority }, queue[priority]]),
  ],
  queue_scheduled: ['Of those, not due yet', ({ queue }) => [[{}, queue.scheduled]]],
  queue_under_way: ['Of those, submitted and not answered', ({ queue }) => [[{}, queue.underWay]]],
  link_bound: ['1 while the link is bound', ofEachLink(({ state }) => (state === 'bound' ? 1 : 0))],
  link_under_way: ['submit_sm of the link without an answer', ofEachLink(({ underWay }) => underWay)],
  link_window: ['submit_sm that the link may have under way', ofEachLink(({ window }) => window)],
  link_certificate_expires_timestamp_seconds: [
    'When the certificate of the host ends',
    ofEachLink(({ certificateExpiresAt: at }) => (at === undefined ? undefined : at / 1000)),
  ],
};

/** Of a connection that cannot run since then: no gateway was made of its settings. */
export function statusWithout({ code, message }: SmppError, since: EpochMs): GatewayStatus {
  return {
    state: 'stopped',
    since,
    onFirstHost: true,
    links: [],
    queue: { alarm: 0, normal: 0, bulk: 0, scheduled: 0, underWay: 0 },
    counters: Object.fromEntries(Object.keys(COUNTERS).map((name) => [name, 0])) as GatewayStatus['counters'],
    error: { code, message },
  };
}

/** All connections as one page. */
export function metricsPage(connections: readonly MeasuredConnection[]): string {
  const counters = Object.entries(COUNTERS).map(([counter, help]) =>
    family(
      { name: `${snakeCase(counter)}_total`, type: 'counter', help },
      connections,
      ({ counters: counts }) => [[{}, counts[counter as CounterName]]],
    ),
  );
  const gauges = Object.entries(GAUGES).map(([name, [help, samples]]) =>
    family({ name, type: 'gauge', help }, connections, samples),
  );
  return [...counters, ...gauges].join('');
}

function family(
  { name, type, help }: { readonly name: string; readonly type: 'counter' | 'gauge'; readonly help: string },
  connections: readonly MeasuredConnection[],
  samples: Samples,
): string {
  const metric = `inmobile_smpp_${name}`;
  const lines = connections.flatMap((connection) =>
    samples(connection.status).map(([labels, value]) => {
      const all = { connection: connection.id, name: String(connection.name), ...labels };
      const written = Object.entries(all).map(([label, text]) => `${label}="${escaped(text)}"`);
      return `${metric}{${written.join(',')}} ${value}\n`;
    }),
  );
  return `# HELP ${metric} ${help}\n# TYPE ${metric} ${type}\n${lines.join('')}`;
}

/** @param measure undefined: not known */
function ofEachLink(measure: (link: LinkStatus) => number | undefined): Samples {
  return ({ links }) =>
    links.flatMap((link): Sample[] => {
      const value = measure(link);
      return value === undefined ? [] : [[{ host: link.host, bind: link.bind }, value]];
    });
}

function one(isSo: boolean): readonly Sample[] {
  return [[{}, isSo ? 1 : 0]];
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A name is anything that somebody typed. */
function escaped(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
