/**
 * Answers the sidebar: what the connections are doing, and the changes that it asks for.
 *
 * Who may ask is judged before (`admin-routes.ts`). Nothing but what `overview.ts` lists leaves here.
 */
import type { EpochMs, Millis } from '../../lib/clock.js';
import type { GatewayStatus, QueuedSms } from '../../lib/message.js';
import type { Overview, QueueView, RefusalCode, Refused, SimulatorView } from './overview.js';
import type { Timeline } from './timeline.js';

/** The account of a connection that runs, as far as the sidebar looks into it. */
export interface Watched {
  readonly timeline: Pick<Timeline, 'events' | 'rates'>;
  /** Undefined when the gateway is a real one. */
  readonly simulator: SimulatorHandle | undefined;
  /** How long there have been SMS that wait for a place in the window, without a pause; 0 when none do. */
  readonly waitingForMs: Millis;
  status(): GatewayStatus;
  queued(max: number): Promise<readonly QueuedSms[]>;
  cancel(id: string): Promise<boolean>;
}

/** The simulator in the process, and what may be done to it. */
export interface SimulatorHandle {
  readonly view: SimulatorView;
  /** Undefined, or why not. @param asked anything that a client may send */
  do(asked: Asked): RefusalCode | undefined;
}

/** By id of the connection node. */
export type Connections = ReadonlyMap<
  string,
  { readonly node: { readonly name?: string | undefined }; readonly account: Watched }
>;

/** What a client has sent: anything. */
export type Asked = Partial<Record<string, unknown>>;

/** A status of HTTP, and the body. */
export interface Answer<Body> {
  readonly status: number;
  readonly body: Body | Refused;
}

/** What is read in a sidebar; the rest is counted. */
const ENTRIES_MAX = 50;

const STATUS_OF: Readonly<Record<RefusalCode, number>> = {
  notEditor: 403,
  invalid: 400,
  unknown: 404,
  tooLate: 409,
  busy: 409,
  failed: 503,
};

export function overviewOf(connections: Connections, now: EpochMs): Overview {
  const views = [...connections].map(([id, { node, account }]) => ({
    id,
    name: node.name ?? '',
    status: account.status(),
    waitingForMs: account.waitingForMs,
    rates: account.timeline.rates(),
    events: account.timeline.events,
    ...(account.simulator !== undefined && { simulator: account.simulator.view }),
  }));
  return { now, connections: views };
}

/** Never rejects. @param now by the clock of the entries */
export async function queueOf(
  connections: Connections,
  { connection }: Asked,
  now: EpochMs,
): Promise<Answer<QueueView>> {
  const account = accountOf(connections, connection);
  if (account === undefined) return refuse('unknown');
  try {
    return { status: 200, body: { now, entries: await account.queued(ENTRIES_MAX) } };
  } catch {
    return refuse('failed');
  }
}

/** Takes an SMS out of the queue. Never rejects. */
export async function cancel(
  connections: Connections,
  { connection, id }: Asked,
): Promise<Answer<Record<string, never>>> {
  const account = accountOf(connections, connection);
  if (account === undefined || typeof id !== 'string') return refuse('unknown');
  try {
    return (await account.cancel(id)) ? DONE : refuse('tooLate');
  } catch {
    return refuse('failed');
  }
}

/** Does something to a simulated gateway. */
export function simulate(connections: Connections, asked: Asked): Answer<Record<string, never>> {
  const simulator = accountOf(connections, asked.connection)?.simulator;
  if (simulator === undefined) return refuse('unknown');
  const refusal = simulator.do(asked);
  return refusal === undefined ? DONE : refuse(refusal);
}

export function refuse(code: RefusalCode): Answer<never> {
  return { status: STATUS_OF[code], body: { error: { code } } };
}

const DONE = { status: 200, body: {} } as const;

function accountOf(connections: Connections, id: unknown): Watched | undefined {
  return typeof id === 'string' ? connections.get(id)?.account : undefined;
}
