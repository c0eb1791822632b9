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

/** What Node-RED shows below a node, with the word of GatewayStatus for programs: the text is for people. */
export type ShownStatus = NodeStatus & { readonly text: string; readonly state: GatewayStatus['state'] };

/** What a node did last: an SMS of its own was accepted · one came in · a receipt came. */
export interface LastSms {
  readonly kind: 'sent' | 'received' | 'receipt';
  readonly at: EpochMs;
}

export interface StatusContext {
  readonly now: EpochMs;
  readonly isSimulated: boolean;
  /** How long there have been SMS that wait for a place in the window, without a pause; 0 when none do. */
  readonly waitingForMs: Millis;
  /** Of the node that shows the status. */
  readonly last?: LastSms | undefined;
  readonly translate: Translate;
}

/** A queue younger than this is traffic, not a backlog: showing it would make the node blink at each SMS. */
const BACKLOG_AFTER_MS = 1_000;

/** The status of a connection as Node-RED shows it: the worst of its states, or else the last SMS. */
export function nodeStatus(status: GatewayStatus, context: StatusContext): ShownStatus {
  const isUnfit = status.error?.code === 'SMPP_OPTIONS';
  const picture = isUnfit ? settingsPicture(status, context) : pictureOf(status, context);
  const { fill, shape, text } = picture;
  return { fill, shape, text: named(text, context), state: status.state };
}

/** States that are shown with a time that passes. */
const TELLS_TIME: ReadonlySet<GatewayStatus['state']> = new Set(['retrying', 'disconnected']);

/** In how long that may change although nothing happens; undefined: it does not. */
export function changesInMs(
  status: GatewayStatus,
  { now, waitingForMs, last }: Pick<StatusContext, 'now' | 'waitingForMs' | 'last'>,
): Millis | undefined {
  if (TELLS_TIME.has(status.state)) return 1_000;
  if (status.state !== 'connected') return undefined;
  if (waitingCount(status) > 0) return Math.max(0, BACKLOG_AFTER_MS - waitingForMs) || undefined;
  if (last === undefined || date(last.at) !== date(now)) return undefined;
  return new Date(now).setHours(24, 0, 0, 0) - now;
}

/**
 * `settings` they are wrong · `noConnection` the node names none · `sendsOnly`, `receivesOnly` the account cannot do
 * what the node is for.
 */
export type StatusProblem = 'settings' | 'noConnection' | 'sendsOnly' | 'receivesOnly';

/**
 * The status of a node that can do nothing until somebody changes something.
 *
 * @param state of its connection, if it has one that runs
 */
export function problemStatus(
  problem: StatusProblem,
  context: Pick<StatusContext, 'isSimulated' | 'translate'>,
  state: GatewayStatus['state'] = 'stopped',
): ShownStatus {
  const text = named(context.translate(`status.${problem}`), context);
  return { ...MENDED_BY_A_PERSON, text, state };
}

/** SMS that are due, and neither settled nor on their way. */
export function waitingCount({ queue }: GatewayStatus): number {
  return Math.max(0, queue.alarm + queue.normal + queue.bulk - queue.scheduled - queue.underWay);
}

/** Whatever a simulated connection shows says so. */
function named(
  text: string,
  { isSimulated, translate }: Pick<StatusContext, 'isSimulated' | 'translate'>,
): string {
  return isSimulated ? translate('status.simulated', { status: text }) : text;
}

/** Without the name of the simulator. */
type Picture = Omit<ShownStatus, 'state'>;

const MENDED_BY_A_PERSON = { fill: 'red', shape: 'dot' } as const;

function pictureOf(status: GatewayStatus, context: StatusContext): Picture {
  const { now, translate, waitingForMs } = context;
  const trouble = troubleOf(status);
  if (trouble !== undefined) return { ...MENDED_BY_A_PERSON, text: translate(`status.${trouble}`) };
  switch (status.state) {
    case 'connected':
      return waitingForMs >= BACKLOG_AFTER_MS ? backlog(status, translate) : connected(status, context);
    case 'connecting':
      return { fill: 'yellow', shape: 'ring', text: translate('status.connecting') };
    case 'retrying':
      return { fill: 'yellow', shape: 'ring', text: retryText(status, now, translate) };
    case 'refused':
      return { ...MENDED_BY_A_PERSON, text: translate('status.refused') };
    case 'maintenance':
      return { fill: 'blue', shape: 'ring', text: maintenanceText(status, translate) };
    case 'disconnected':
      return { fill: 'red', shape: 'ring', text: outageText(status, now, translate) };
    case 'stopped':
      return { fill: 'grey', shape: 'ring', text: translate('status.stopped') };
  }
}

/** What no waiting helps against is said at once. */
function troubleOf({
  state,
  error,
}: GatewayStatus): 'diskFull' | 'storage' | 'storageFails' | 'certificate' | undefined {
  // Whatever the links do, no SMS is taken in.
  if (error?.code === 'SMPP_STORAGE')
    return error.reason ?? (state === 'stopped' ? 'storage' : 'storageFails');
  return NOT_CONNECTED.has(state) && error?.code === 'SMPP_CERTIFICATE' ? 'certificate' : undefined;
}

const NOT_CONNECTED: ReadonlySet<GatewayStatus['state']> = new Set([
  'connecting',
  'retrying',
  'disconnected',
]);

/** Its settings are wrong, so that none leaves, whenever it is due. */
function settingsPicture({ queue }: GatewayStatus, { translate }: StatusContext): Picture {
  const count = queue.alarm + queue.normal + queue.bulk;
  const text = count === 0 ? translate('status.settings') : translate('status.settingsWaiting', { count });
  return { ...MENDED_BY_A_PERSON, text };
}

function backlog(status: GatewayStatus, translate: Translate): Picture {
  return { fill: 'yellow', shape: 'dot', text: translate('status.queued', { count: waitingCount(status) }) };
}

function connected(
  { host = '', onFirstHost }: GatewayStatus,
  { now, last, translate }: StatusContext,
): Picture {
  const text =
    last === undefined
      ? translate('status.connected', { host })
      : translate(`status.${last.kind}`, {
          host,
          time: date(last.at) === date(now) ? clockTime(last.at) : date(last.at),
        });
  return { fill: 'green', shape: onFirstHost ? 'dot' : 'ring', text: text.trim() };
}

function retryText(status: GatewayStatus, now: EpochMs, translate: Translate): string {
  const seconds = Math.ceil(((status.retryAt ?? now) - now) / 1000);
  return seconds > 0 ? translate('status.retry', { seconds }) : translate('status.connecting');
}

function maintenanceText(status: GatewayStatus, translate: Translate): string {
  const time = clockTime(status.maintenanceSince ?? status.since);
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

/** By the clock on the wall of the runtime. */
function clockTime(at: EpochMs): string {
  const time = new Date(at);
  return `${twoDigits(time.getHours())}:${twoDigits(time.getMinutes())}`;
}

/** A time of another day would be taken for today's. */
function date(at: EpochMs): string {
  const day = new Date(at);
  return `${day.getFullYear()}-${twoDigits(day.getMonth() + 1)}-${twoDigits(day.getDate())}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
