/**
 * Keeps the sessions bound that the options ask for, and says how that goes.
 *
 * It composes: a lane keeps one host at a time bound, a leg is one bind; the reading of maintenance and the login hold,
 * which counts over all runs, belong to the account and are shared. It knows nothing of queues: the outbox gets links, and
 * tells what the gateway's answers say about the gateway itself.
 */
import type { EpochMs, Millis } from '../clock.js';
import type { SmppError } from '../errors.js';
import type { BindMode, GatewayStatus, LinkStatus } from '../message.js';
import { expiryWarning } from './certificate-expiry.js';
import { type LaneHost, nameHosts } from './host-name.js';
import { type Failure, Lane, type LaneListener } from './lane.js';
import { type LegEnd, wrongMode } from './leg-end.js';
import { Maintenance, type Sign } from './maintenance.js';
import { Outage } from './outage.js';
import type { OnFault } from './session-driver.js';
import type {
  ConnectionMode,
  ConnectionStatus,
  SupervisorListener,
  SupervisorOptions,
} from './supervisor-port.js';

export type {
  ConnectionMode,
  ConnectionStatus,
  Credentials,
  HostAddress,
  SupervisorListener,
  SupervisorOptions,
} from './supervisor-port.js';

const BINDS_OF: Readonly<Record<ConnectionMode, readonly BindMode[]>> = {
  transceiver: ['transceiver'],
  transmitter: ['transmitter'],
  receiver: ['receiver'],
  pair: ['transmitter', 'receiver'],
};

/** Whatever the timers say: a stop takes 5 s at most, and what is left is for listeners and for the disk. */
const STOP_MAX_MS: Millis = 4_000;

/** A peer that sends nonsense may send much of it: of each kind a line is for the first, and then for one a minute. */
const REMARK_QUIET_MS: Millis = 60_000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #listener: SupervisorListener;
  readonly #maintenance: Maintenance;
  readonly #lanes: readonly Lane[];
  /** When each kind was last said, by host and sentence. */
  readonly #remarks = new Map<string, Millis>();
  /** Hosts whose certificate was warned of, with its end. */
  readonly #expiring = new Map<string, EpochMs>();
  #isRunning = false;
  #outage: Outage;
  #state: GatewayStatus['state'] = 'stopped';
  /** When the present state began: of the clock that nobody sets, or a duration that is shown would jump. */
  #since: Millis;
  /** That the log knows. */
  #situation = '';
  /** Reasons may come in turn, as hosts do, and so do situations while a link does not last: each is said once. */
  readonly #said = new Set<string>();
  #cancelLook: (() => void) | undefined;

  /** Calls nobody before `start`. */
  constructor(options: SupervisorOptions, listener: SupervisorListener) {
    this.#options = options;
    this.#listener = eachByItself(listener, options.onFault);
    this.#maintenance = new Maintenance(options.timers.stableMs);
    const now = options.clock.now();
    this.#outage = new Outage(false, now);
    this.#since = now;
    const hosts = nameHosts(options.hosts);
    const groups = options.links === 'both' ? hosts.map((host) => [host]) : [hosts];
    this.#lanes = groups.map((group) => this.#lane(group));
  }

  /**
   * Begins to connect, and keeps at it. No effect while it runs.
   *
   * @param isModeProven the account was bound in this connection mode before, in an earlier run
   */
  start(isModeProven = false): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#outage = new Outage(isModeProven || this.#outage.isProven, this.#options.clock.now());
    this.#options.login.startsAnew();
    for (const lane of this.#lanes) lane.start();
    this.#refresh();
  }

  /**
   * Takes the answers under way, unbinds, and closes: at most drainMs and unbindMs, and never 5 s.
   * Never rejects. `start` may be called again afterwards.
   *
   * @param spentMs of drainMs, before it was called
   */
  async stop(spentMs: Millis = 0): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#cancelLook?.();
    const { clock, timers } = this.#options;
    const cancel = clock.after(STOP_MAX_MS - spentMs, () => {
      for (const lane of this.#lanes) lane.destroy();
    });
    await Promise.all(this.#lanes.map((lane) => lane.stop(Math.max(0, timers.drainMs - spentMs))));
    cancel();
    this.#refresh();
  }

  /** The outbox had ESME_RSUBMITFAIL for an answer. */
  submitFailed(): void {
    this.#noticed('submitFailed');
  }

  /** The outbox had an acceptance for an answer. */
  accepted(): void {
    if (this.#maintenance.since(this.#options.clock.now()) === undefined) return;
    this.#maintenance.accepted();
    this.#refresh();
  }

  /**
   * Whether an ESME_RSUBMITFAIL that came at `failedAt` (now, if not given) is the doing of a restart, and so no
   * attempt of the message: an unbind, a close or an ESME_RBINDFAIL came within 60 s of it. Ask when the message
   * is due again, since the unbind follows the answer.
   */
  isRestart(failedAt: Millis = this.#options.clock.now()): boolean {
    return this.#maintenance.isRestart(failedAt);
  }

  status(): ConnectionStatus {
    const up = this.#lanes.filter((lane) => lane.isUp);
    const inUse = up.find((lane) => lane.host.index === 0) ?? up[0];
    return {
      state: this.#state,
      since: this.#toWall(this.#since),
      onFirstHost: inUse === undefined || inUse.host.index === 0,
      links: [],
      ...(this.#isRunning ? this.#running(inUse) : {}),
      ...this.#maintenanceSince(),
    };
  }

  /** @param inUse the lane that is up, if one is */
  #running(inUse: Lane | undefined): Partial<ConnectionStatus> {
    const { host } = inUse ?? this.#lanes[0] ?? {};
    const named = host === undefined ? {} : { host: host.name };
    return { links: this.#links(), ...named, ...(inUse === undefined ? this.#trouble() : {}) };
  }

  #links(): LinkStatus[] {
    const links = this.#lanes.flatMap((lane) => lane.links());
    const doubt = this.#modeDoubt();
    if (doubt === undefined) return links;
    const { code, message } = doubt;
    return links.map((link) => (link.error?.code === code ? { ...link, error: { code, message } } : link));
  }

  #trouble(): Pick<ConnectionStatus, 'retryAt' | 'error'> {
    const error = this.#error();
    const retryAt = Math.min(...this.#lanes.map((lane) => lane.retryAt ?? Infinity));
    return {
      ...(retryAt === Infinity ? {} : { retryAt: this.#toWall(retryAt) }),
      ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    };
  }

  #maintenanceSince(): Pick<ConnectionStatus, 'maintenanceSince'> {
    const since = this.#outage.maintenanceSince(this.#options.clock.now());
    return since === undefined ? {} : { maintenanceSince: this.#toWall(since) };
  }

  #toWall(at: Millis): EpochMs {
    const { clock } = this.#options;
    return Math.round(clock.wall() + (at - clock.now()));
  }

  /** Why a host is not bound; of several reasons the one that a person has to mend, or else the latest. */
  #error(): SmppError | undefined {
    const failures = this.#failures();
    // While another host takes the login, it is none why there is no link.
    const isRefusalTold = this.#state === 'connected' || this.#options.login.isRefused;
    const refusal = isRefusalTold ? failures.find(isRefusal) : undefined;
    const [latest] = this.#lanes
      .flatMap((lane) => (lane.isUp ? [] : lane.failures))
      .filter((failure) => !isRefusal(failure))
      .sort((one, other) => other.at - one.at);
    return this.#modeDoubt() ?? (refusal ?? failures.find(isUntrusted) ?? latest)?.error;
  }

  #modeDoubt(): SmppError | undefined {
    if (this.#outage.outlook(this.#options.clock.now()) !== 'wrongMode') return undefined;
    const refusal = this.#failures().find(isBindFailure)?.error;
    return refusal && wrongMode(refusal, this.#options.connectionMode);
  }

  #failures(): Failure[] {
    return this.#lanes.flatMap((lane) => lane.failures);
  }

  #lane(hosts: readonly LaneHost[]): Lane {
    const binds = BINDS_OF[this.#options.connectionMode];
    return new Lane({ ...this.#options, hosts, binds }, this.#laneListener());
  }

  #laneListener(): LaneListener {
    const listener = this.#listener;
    return {
      bound: (bind) => listener.bound(bind),
      linkUp: (link) => listener.linkUp(link),
      linkDown: (link) => listener.linkDown(link),
      ready: (link) => listener.ready(link),
      delivery: (delivery, respond, sessionId) => listener.delivery(delivery, respond, sessionId),
      answersRead: (sessionId, upTo) => listener.answersRead(sessionId, upTo),
      sessionOver: (sessionId, isReplaced) => listener.sessionOver(sessionId, isReplaced),
      noticed: (sign) => this.#noticed(sign),
      ignored: (host, what) => this.#remark(host, what),
      changed: () => this.#refresh(),
    };
  }

  #noticed(sign: Sign): void {
    this.#maintenance.noticed(sign, this.#options.clock.now());
    if (sign !== 'submitFailed') this.#listener.restartSigned();
    this.#refresh();
  }

  #remark(host: LaneHost, what: string): void {
    // A sentence without its numbers is one of a few in our code.
    const kind = `${host.name} ${what.replace(/\d+/g, '')}`;
    const now = this.#options.clock.now();
    if (now - (this.#remarks.get(kind) ?? -Infinity) < REMARK_QUIET_MS) return;
    this.#remarks.set(kind, now);
    this.#listener.log('warn', `${host.name} sent something odd: ${what}`);
  }

  /** Draws the conclusion from what has changed below, and says it. */
  #refresh(): void {
    const now = this.#options.clock.now();
    this.#maintenance.setUp(
      this.#lanes.every((lane) => lane.isUp),
      now,
    );
    if (this.#isRunning) this.#noteOutage(now);
    const state = this.#presentState();
    if (state === 'disconnected') this.#since = this.#outage.since;
    else if (state !== this.#state) this.#since = now;
    this.#state = state;
    this.#say();
    this.#warnOfExpiry();
    this.#lookAgain(now);
    this.#listener.changed();
  }

  #noteOutage(now: Millis): void {
    const failures = this.#failures();
    const wasProven = this.#outage.isProven;
    const facts = {
      isUp: this.#lanes.some((lane) => lane.isUp),
      isBindFailing: failures.some(isBindFailure),
      isUntrusted: failures.length > 0 && failures.every(isUntrusted),
      restartsSince: this.#maintenance.since(now),
    };
    this.#outage.note(facts, now);
    if (!wasProven && this.#outage.isProven) this.#listener.modeProven();
  }

  #presentState(): GatewayStatus['state'] {
    if (!this.#isRunning) return 'stopped';
    const outlook = this.#outage.outlook(this.#options.clock.now());
    if (outlook === 'none') return 'connected';
    if (outlook === 'wrongMode' || this.#isLoginRefused) return 'refused';
    if (outlook === 'maintenance') return 'maintenance';
    if (outlook === 'long') return 'disconnected';
    const isTrying = this.#lanes.some((lane) => lane.retryAt === undefined);
    return isTrying ? 'connecting' : 'retrying';
  }

  /** Once concluded, it stays so until a host takes the login. */
  get #isLoginRefused(): boolean {
    if (!this.#options.login.isRefused) return false;
    return this.#state === 'refused' || !this.#lanes.some((lane) => lane.isUndecided);
  }

  /** An outage grows long and a restart ends by time alone too, and somebody may be watching. */
  #lookAgain(now: Millis): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    if (!this.#isRunning) return;
    const stableAt =
      this.#maintenance.since(now) === undefined ? -Infinity : now + this.#options.timers.stableMs;
    const next = Math.min(...[...this.#outage.turningPoints(), stableAt].filter((at) => at > now));
    if (next !== Infinity) this.#cancelLook = this.#options.clock.after(next - now, () => this.#refresh());
  }

  #say(): void {
    const isUp = this.#state === 'connected';
    if (!isUp && this.#lanes.some((lane) => lane.isUndecided)) return;
    const up = this.#lanes.filter((lane) => lane.isUp).map((lane) => lane.host.name);
    const { situation, reason, level, line } = describeState(this.#state, up, this.#error());
    const hasChanged = situation !== this.#situation;
    if (hasChanged && !this.#outage.hasRelapsed(this.#options.clock.now())) this.#said.clear();
    if (this.#said.has(`${situation} ${reason}`)) return;
    this.#situation = situation;
    this.#said.add(`${situation} ${reason}`);
    if (line !== undefined) this.#listener.log(level, line);
  }

  /** Once for each certificate. */
  #warnOfExpiry(): void {
    for (const { name, certificateExpiresAt } of this.#lanes.flatMap((lane) => lane.links())) {
      if (certificateExpiresAt === undefined || this.#expiring.get(name) === certificateExpiresAt) continue;
      const line = expiryWarning(name, certificateExpiresAt, this.#options.clock.wall());
      if (line === undefined) continue;
      this.#expiring.set(name, certificateExpiresAt);
      this.#listener.log('warn', line);
    }
  }
}

function isBindFailure({ sign }: LegEnd): boolean {
  return sign === 'bindFailed';
}

function isRefusal({ login }: LegEnd): boolean {
  return login === 'refused';
}

function isUntrusted({ failure }: LegEnd): boolean {
  return failure === 'certificate';
}

/**
 * The same listener, of which one call that fails is no failure of the one who calls: the end of a session is told to
 * several, and the lane binds anew after them. What a deliver_sm leads to is caught where it came in, by the driver.
 */
function eachByItself(listener: SupervisorListener, onFault: OnFault): SupervisorListener {
  const safely =
    <Given extends unknown[]>(what: string, tell: (...given: Given) => void) =>
    (...given: Given): void => {
      try {
        tell(...given);
      } catch (error) {
        onFault(`an event of the connection could not be handled (${what})`, error);
      }
    };
  return {
    ...listener,
    bound: safely('bound', (bind) => listener.bound(bind)),
    modeProven: safely('modeProven', () => listener.modeProven()),
    linkUp: safely('linkUp', (link) => listener.linkUp(link)),
    linkDown: safely('linkDown', (link) => listener.linkDown(link)),
    answersRead: safely('answersRead', (sessionId, upTo) => listener.answersRead(sessionId, upTo)),
    sessionOver: safely('sessionOver', (sessionId, isReplaced) =>
      listener.sessionOver(sessionId, isReplaced),
    ),
    changed: safely('changed', () => listener.changed()),
  };
}

/** The one line that a log gets when the state of the connection changes. */
interface StateLine {
  /** The same while nothing but the reason has changed: attempts and waits in between are nothing. */
  readonly situation: string;
  /** Its kind, since hosts in turn have their own words for one kind; empty when there is none, or each goes with it. */
  readonly reason: string;
  readonly level: 'info' | 'warn' | 'error';
  /** Absent when there is nothing to say yet. */
  readonly line: string | undefined;
}

/**
 * @param up short names of the hosts that are bound
 * @param error why the last attempt or session of a host that is not bound ended
 */
function describeState(
  state: GatewayStatus['state'],
  up: readonly string[],
  error: SmppError | undefined,
): StateLine {
  const reason = error === undefined || state === 'maintenance' ? '' : `${error.code} ${error.status ?? ''}`;
  return { reason, ...lineOf(state, up.join(' and '), error === undefined ? '' : `: ${error.message}`) };
}

function lineOf(state: GatewayStatus['state'], names: string, because: string): Omit<StateLine, 'reason'> {
  switch (state) {
    case 'connected':
      return connected(names, because);
    case 'refused':
      return { situation: state, level: 'error', line: `Login refused, tried again by itself${because}` };
    case 'maintenance':
      return {
        situation: state,
        level: 'warn',
        line: `The gateway is in maintenance, messages wait${because}`,
      };
    case 'stopped':
      return { situation: state, level: 'info', line: 'Disconnected' };
    case 'disconnected':
      return {
        situation: state,
        level: 'warn',
        line: `Still not connected, tried again by itself${because}`,
      };
    default:
      return notConnected(because);
  }
}

function connected(names: string, because: string): Omit<StateLine, 'reason'> {
  const situation = `connected ${names}`;
  if (because === '') return { situation, level: 'info', line: `Connected to ${names}` };
  return { situation, level: 'warn', line: `Connected to ${names}, another host is not bound${because}` };
}

function notConnected(because: string): Omit<StateLine, 'reason'> {
  if (because === '') return { situation: 'connecting', level: 'info', line: undefined };
  return { situation: 'down', level: 'warn', line: `Not connected, tried again by itself${because}` };
}
