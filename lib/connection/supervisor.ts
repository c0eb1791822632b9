/**
 * Keeps the sessions bound that the options ask for, and says how that goes.
 *
 * It composes: a lane keeps one host at a time bound, a leg is one bind; the reading of maintenance and the login hold,
 * which counts over all runs, belong to the account and are shared. It knows nothing of queues: the outbox gets links, and
 * tells what the gateway's answers say about the gateway itself.
 */
import type { EpochMs, Millis } from '../clock.js';
import type { SmppError } from '../errors.js';
import type { BindMode, GatewayStatus } from '../message.js';
import type { OnFault } from './session-driver.js';
import { expiryWarning } from './certificate-expiry.js';
import { nameHosts, type LaneHost } from './host-name.js';
import { Lane, type LaneListener } from './lane.js';
import { Maintenance, type Sign } from './maintenance.js';
import { describeState } from './state-line.js';
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

/** Whatever the timers say: Node-RED stops waiting for a node soon after (contract section 2: at most 5 s). */
const STOP_MAX_MS: Millis = 4_500;

/** A peer that sends nonsense may send much of it; a log line is for the first. */
const REMARKS_MAX = 1;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #listener: SupervisorListener;
  readonly #maintenance: Maintenance;
  readonly #lanes: readonly Lane[];
  readonly #remarks = new Map<string, number>();
  /** Hosts whose certificate was warned of, with its end. */
  readonly #expiring = new Map<string, EpochMs>();
  #isRunning = false;
  #state: GatewayStatus['state'] = 'stopped';
  #since: EpochMs;
  #lastLine = '';
  #cancelStableLook: (() => void) | undefined;

  /** Calls nobody before `start`. */
  constructor(options: SupervisorOptions, listener: SupervisorListener) {
    this.#options = options;
    this.#listener = eachByItself(listener, options.onFault);
    this.#maintenance = new Maintenance(options.timers.stableMs);
    this.#since = options.clock.wall();
    const hosts = nameHosts(options.hosts);
    const groups = options.links === 'both' ? hosts.map((host) => [host]) : [hosts];
    this.#lanes = groups.map((group) => this.#lane(group));
  }

  /** Begins to connect, and keeps at it. No effect while it runs. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#options.login.startsAnew();
    for (const lane of this.#lanes) lane.start();
    this.#refresh();
  }

  /**
   * Takes the answers under way, unbinds, and closes: at most drainMs and unbindMs, and never 5 s.
   * Never rejects. `start` may be called again afterwards.
   */
  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#cancelStableLook?.();
    const cancel = this.#options.clock.after(STOP_MAX_MS, () => {
      for (const lane of this.#lanes) lane.destroy();
    });
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
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
      since: this.#since,
      onFirstHost: inUse === undefined || inUse.host.index === 0,
      links: [],
      ...(this.#isRunning ? this.#running(inUse) : {}),
      ...this.#maintenanceSince(),
    };
  }

  /** @param inUse the lane that is up, if one is */
  #running(inUse: Lane | undefined): Partial<ConnectionStatus> {
    const { host } = inUse ?? this.#lanes[0] ?? {};
    const links = this.#lanes.flatMap((lane) => lane.links());
    const named = host === undefined ? {} : { host: host.name };
    return { links, ...named, ...(inUse === undefined ? this.#trouble() : {}) };
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
    const since = this.#maintenance.since(this.#options.clock.now());
    return since === undefined ? {} : { maintenanceSince: this.#toWall(since) };
  }

  #toWall(at: Millis): EpochMs {
    const { clock } = this.#options;
    return Math.round(clock.wall() + (at - clock.now()));
  }

  #error(): SmppError | undefined {
    return this.#lanes.find((lane) => lane.error !== undefined)?.error;
  }

  #lane(hosts: readonly LaneHost[]): Lane {
    const binds = BINDS_OF[this.#options.connectionMode];
    return new Lane({ ...this.#options, hosts, binds }, this.#laneListener());
  }

  #laneListener(): LaneListener {
    const listener = this.#listener;
    return {
      bound: () => listener.bound(),
      linkUp: (link) => listener.linkUp(link),
      linkDown: (link) => listener.linkDown(link),
      ready: (link) => listener.ready(link),
      delivery: (delivery, respond, sessionId) => listener.delivery(delivery, respond, sessionId),
      sessionOver: (sessionId) => listener.sessionOver(sessionId),
      noticed: (sign) => this.#noticed(sign),
      ignored: (host, what) => this.#remark(host, what),
      changed: () => this.#refresh(),
    };
  }

  #noticed(sign: Sign): void {
    this.#maintenance.noticed(sign, this.#options.clock.now());
    this.#refresh();
  }

  #remark(host: LaneHost, what: string): void {
    const before = this.#remarks.get(host.name) ?? 0;
    this.#remarks.set(host.name, before + 1);
    if (before < REMARKS_MAX) this.#listener.log('warn', `${host.name} sent something of no use: ${what}`);
  }

  /** Draws the conclusion from what has changed below, and says it. */
  #refresh(): void {
    const { clock } = this.#options;
    this.#maintenance.setUp(
      this.#lanes.every((lane) => lane.isUp),
      clock.now(),
    );
    this.#lookWhenStable();
    const state = this.#presentState();
    if (state !== this.#state) this.#since = clock.wall();
    this.#state = state;
    this.#say();
    this.#warnOfExpiry();
    this.#listener.changed();
  }

  #presentState(): GatewayStatus['state'] {
    if (!this.#isRunning) return 'stopped';
    if (this.#lanes.some((lane) => lane.isUp)) return 'connected';
    if (this.#options.login.isRefused) return 'refused';
    if (this.#maintenance.since(this.#options.clock.now()) !== undefined) return 'maintenance';
    const isTrying = this.#lanes.some((lane) => lane.retryAt === undefined);
    return isTrying ? 'connecting' : 'retrying';
  }

  /** A restart ends by time too, and somebody may be watching. */
  #lookWhenStable(): void {
    this.#cancelStableLook?.();
    this.#cancelStableLook = undefined;
    const { clock, timers } = this.#options;
    const isOver = this.#maintenance.since(clock.now()) === undefined;
    if (isOver || !this.#lanes.every((lane) => lane.isUp)) return;
    this.#cancelStableLook = clock.after(timers.stableMs, () => this.#refresh());
  }

  #say(): void {
    const up = this.#lanes.filter((lane) => lane.isUp).map((lane) => lane.host.name);
    const { key, level, line } = describeState(this.#state, up, this.#error());
    if (key === this.#lastLine) return;
    this.#lastLine = key;
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
    bound: safely('bound', () => listener.bound()),
    linkUp: safely('linkUp', (link) => listener.linkUp(link)),
    linkDown: safely('linkDown', (link) => listener.linkDown(link)),
    sessionOver: safely('sessionOver', (sessionId) => listener.sessionOver(sessionId)),
    changed: safely('changed', () => listener.changed()),
  };
}
