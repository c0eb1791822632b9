/**
 * What a node shows below itself, from the gateway's status; pure.
 *
 * One renderer for all four nodes, so that no two of them say different things about one connection. Texts come
 * from the connection node's catalogue.
 * Source: contract section 3.5.
 */
import type { NodeStatus } from 'node-red';
import type { EpochMs, Millis } from '../../lib/clock.js';
import type { GatewayStatus } from '../../lib/message.js';

/** A sentence of the catalogue `inmobile-connection`, with its blanks filled in. */
export type Translate = (key: string, blanks?: Readonly<Record<string, string | number>>) => string;

export interface StatusContext {
  readonly now: EpochMs;
  readonly isSimulated: boolean;
  /** How long there have been SMS that wait for a place in the window, without a pause; 0 when none do. */
  readonly waitingForMs: Millis;
  readonly translate: Translate;
}

/** A queue younger than this is traffic, not a backlog: showing it would make the node blink at each SMS. */
const BACKLOG_AFTER_MS = 1_000;

/** The status of a connection as Node-RED shows it. */
export function nodeStatus(status: GatewayStatus, context: StatusContext): NodeStatus {
  return named(shownStatus(status, context), context);
}

/**
 * `settings` they are wrong · `storage` the store cannot be opened · `noConnection` the node names none ·
 * `sendsOnly`, `receivesOnly` the account cannot do what the node is for.
 */
export type StatusProblem = 'settings' | 'storage' | 'noConnection' | 'sendsOnly' | 'receivesOnly';

/** The status of a node that can do nothing until somebody changes something. */
export function problemStatus(
  problem: StatusProblem,
  context: Pick<StatusContext, 'isSimulated' | 'translate'>,
): NodeStatus {
  return named({ fill: 'red', shape: 'ring', text: context.translate(`status.${problem}`) }, context);
}

/** SMS that are due, and neither settled nor on their way. */
export function waitingCount({ queue }: GatewayStatus): number {
  return Math.max(0, queue.alarm + queue.normal + queue.bulk - queue.scheduled - queue.underWay);
}

type ShownStatus = NodeStatus & { readonly text: string };

/** Whatever a simulated connection shows says so. */
function named(
  shown: ShownStatus,
  { isSimulated, translate }: Pick<StatusContext, 'isSimulated' | 'translate'>,
): ShownStatus {
  return isSimulated ? { ...shown, text: translate('status.simulated', { status: shown.text }) } : shown;
}

function shownStatus(status: GatewayStatus, { now, translate, waitingForMs }: StatusContext): ShownStatus {
  const trouble = troubleOf(status);
  if (trouble !== undefined) return { fill: 'red', shape: 'dot', text: translate(`status.${trouble}`) };
  switch (status.state) {
    case 'connected':
      return waitingForMs >= BACKLOG_AFTER_MS ? backlog(status, translate) : connected(status, translate);
    case 'connecting':
      return { fill: 'yellow', shape: 'ring', text: translate('status.connecting') };
    case 'retrying':
      return { fill: 'yellow', shape: 'ring', text: retryText(status, now, translate) };
    case 'refused':
      return { fill: 'red', shape: 'dot', text: translate('status.refused') };
    case 'maintenance':
      return { fill: 'blue', shape: 'ring', text: maintenanceText(status, translate) };
    case 'disconnected':
      return { fill: 'red', shape: 'ring', text: outageText(status, now, translate) };
    case 'stopped':
      return { fill: 'grey', shape: 'ring', text: translate('status.stopped') };
  }
}

/** What no waiting helps against is said at once. */
function troubleOf({ state, error }: GatewayStatus): 'diskFull' | 'storageFails' | 'certificate' | undefined {
  // Whatever the links do, no SMS is taken in.
  if (error?.code === 'SMPP_STORAGE') return error.reason ?? 'storageFails';
  return NOT_CONNECTED.has(state) && error?.code === 'SMPP_CERTIFICATE' ? 'certificate' : undefined;
}

const NOT_CONNECTED: ReadonlySet<GatewayStatus['state']> = new Set([
  'connecting',
  'retrying',
  'disconnected',
]);

function backlog(status: GatewayStatus, translate: Translate): ShownStatus {
  return { fill: 'yellow', shape: 'dot', text: translate('status.queued', { count: waitingCount(status) }) };
}

function connected({ host, onFirstHost }: GatewayStatus, translate: Translate): ShownStatus {
  const text = translate('status.connected', { host: host ?? '' }).trim();
  return { fill: 'green', shape: onFirstHost ? 'dot' : 'ring', text };
}

function retryText(status: GatewayStatus, now: EpochMs, translate: Translate): string {
  const seconds = Math.ceil(((status.retryAt ?? now) - now) / 1000);
  return seconds > 0 ? translate('status.retry', { seconds }) : translate('status.connecting');
}

function maintenanceText(status: GatewayStatus, translate: Translate): string {
  const since = new Date(status.maintenanceSince ?? status.since);
  const time = [since.getHours(), since.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
  return translate('status.maintenance', { time, count: waitingCount(status) });
}

function outageText(status: GatewayStatus, now: EpochMs, translate: Translate): string {
  const duration = durationText(Math.max(0, now - status.since), translate);
  return translate('status.disconnected', { duration, count: waitingCount(status) });
}

const UNITS = [
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
] as const;

/** In the largest unit of which there is one. */
function durationText(ms: Millis, translate: Translate): string {
  const [unit, unitMs] = UNITS.find(([, length]) => ms >= length) ?? ['seconds', 1_000];
  return translate(`status.duration.${unit}`, { number: Math.floor(ms / unitMs) });
}
