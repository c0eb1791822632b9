/**
 * One run of the gateway, from start to stop: the folders put together.
 *
 *   outbox ──segments──▶ supervisor ──PDUs──▶ host
 *   outbox ◀──answers─── supervisor
 *   inbox  ◀─deliveries─ supervisor        receipts ◀── inbox
 *
 * Nothing is decided here; it is the only place that knows all of them.
 */
import { createHash, randomBytes } from 'node:crypto';
import { DEFAULT_BOUNDS, type Bounds } from './bounds.js';
import { lookedAtOnceATurn } from './clock.js';
import { LoginHold } from './connection/login-hold.js';
import { Supervisor } from './connection/supervisor.js';
import type { Connect } from './connection/tls-connect.js';
import { SmppError } from './errors.js';
import { FailureLog } from './failure-log.js';
import type { GatewaySettings } from './gateway-options.js';
import { Inbox } from './inbox/inbox.js';
import type { CounterName, Delivery, GatewayStatus } from './message.js';
import { Outbox } from './outbox/outbox.js';
import { commandStatus } from './pdu/command-status.js';
import { ReceiptTracker } from './receipt/receipt-tracker.js';
import { phoneKey } from './receipt/tracked-index.js';
import type { Storage } from './storage/storage.js';

/** The deliver_sm could not be kept now: the gateway is to deliver it again (SMPP 3.4 §5.1.3). */
const ESME_RX_T_APPN = 0x64;

/** Concatenation references have 16 bits at the most (3GPP 23.040 §9.2.3.24.8). */
const REFERENCES = 0x10000;

export interface EngineOptions {
  readonly settings: GatewaySettings;
  readonly storage: Storage;
  readonly connect: Connect;
  /** Refused logins count over all runs. */
  readonly login?: LoginHold;
  readonly count: (counter: CounterName, by: number) => void;
  /** `connection` may have changed. */
  readonly changed: () => void;
  /** Whatever is left to chance; the simulation gives its own, so that a seed repeats a run. */
  readonly chance?: Chance;
  readonly bounds?: Bounds;
}

export interface Chance {
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
  /** An id that no other SMS has. */
  readonly newId: () => string;
}

const SYSTEM_CHANCE: Chance = { random: Math.random, newId: idsOfThisRun() };

export class Engine {
  readonly #settings: GatewaySettings;
  readonly #storage: Storage;
  readonly #connect: Connect;
  readonly #login: LoginHold;
  readonly #supervisor: Supervisor;
  readonly #count: (counter: CounterName, by: number) => void;
  readonly #chance: Chance;
  readonly #bounds: Bounds;
  readonly #failures: FailureLog;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly tracker: ReceiptTracker;

  constructor(options: EngineOptions) {
    const { settings, storage, connect, count, changed } = options;
    const { login = new LoginHold(), chance = SYSTEM_CHANCE, bounds = DEFAULT_BOUNDS } = options;
    const clock = lookedAtOnceATurn(settings.clock);
    const { log } = settings;
    this.#settings = { ...settings, clock };
    this.#storage = storage;
    this.#connect = connect;
    this.#login = login;
    this.#count = count;
    this.#chance = chance;
    this.#bounds = bounds;
    this.#failures = new FailureLog(clock, log);
    this.tracker = new ReceiptTracker({ storage, clock, count, log, bounds });
    this.inbox = new Inbox({ storage, clock, count, log, bounds, tracker: this.tracker });
    this.outbox = this.#makeOutbox();
    this.#supervisor = new Supervisor(this.#supervisorOptions(), {
      bound: () => count('binds', 1),
      modeProven: () => this.#keepModeProven(),
      linkUp: (link) => this.outbox.linkUp(link),
      linkDown: (link) => this.outbox.linkDown(link),
      ready: () => this.outbox.ready(),
      delivery: (delivery, respond, sessionId) => this.#delivered(delivery, respond, sessionId),
      sessionOver: (sessionId) => this.inbox.sessionOver(sessionId),
      changed,
      log,
    });
  }

  get connection(): Omit<GatewayStatus, 'queue' | 'counters'> {
    return this.#supervisor.status();
  }

  /**
   * Opens the storage, hands on what an earlier run left, and begins to connect.
   *
   * @throws SMPP_STORAGE; then nothing runs
   */
  async start(): Promise<void> {
    await this.#storage.open();
    let isModeProven: boolean;
    try {
      await this.tracker.open();
      await this.inbox.open();
      await this.outbox.open();
      isModeProven = (await this.#storage.read('account', this.#modeKey)) !== undefined;
    } catch (error) {
      await Promise.allSettled([this.outbox.close(), this.inbox.close(), this.tracker.close()]);
      await this.#storage.close();
      throw error;
    }
    this.#supervisor.start(isModeProven);
  }

  /** Takes nothing more in, waits for answers under way, unbinds; at most 5 s. */
  async stop(): Promise<void> {
    this.outbox.halt();
    await this.#supervisor.stop();
    await this.outbox.close();
    await Promise.all([this.inbox.close(), this.tracker.close()]);
    await this.#storage.close();
  }

  #makeOutbox(): Outbox {
    const { clock, onUncertain, segmentsPerSecond, log } = this.#settings;
    return new Outbox({
      storage: this.#storage,
      clock,
      bounds: this.#bounds,
      onUncertain,
      segmentsPerSecond,
      newId: this.#chance.newId,
      firstReference: Math.floor(this.#chance.random() * REFERENCES),
      refusal: commandStatus,
      tracking: ({ receipt }, { id, outcome, messageIds, to, from, settledAt, correlation }) => {
        if (outcome !== 'accepted') return [];
        const sms = { id, messageIds, to, from, receipt, acceptedAt: settledAt };
        return this.tracker.tracking(correlation === undefined ? sms : Object.assign(sms, { correlation }));
      },
      onAccepted: () => this.#supervisor.accepted(),
      onSubmitFailed: () => this.#supervisor.submitFailed(),
      isRestart: (failedAt) => this.#supervisor.isRestart(failedAt),
      unmatchedIds: (to) => this.tracker.unmatchedIdsFor(to),
      count: this.#count,
      log,
      onFailure: (error) => this.#failures.say('an SMS could not be moved on and is kept', error),
    });
  }

  /** A restart of the gateway is told from a connection mode that the account does not have by whether this is kept. */
  #keepModeProven(): void {
    const value = { boundAt: this.#settings.clock.wall() };
    this.#storage
      .write([{ table: 'account', key: this.#modeKey, value }], 'later')
      .catch((error: unknown) => this.#failures.say('that the account was bound could not be kept', error));
  }

  /** Of the account at these hosts, in this connection mode; what it is called is nobody's business. */
  get #modeKey(): string {
    const { systemId, hosts, connectionMode } = this.#settings;
    const names = hosts.map(({ host, port }) => `${host.toLowerCase()}:${port}`).sort();
    const account = createHash('sha256').update(JSON.stringify([systemId, ...names]));
    return `${connectionMode} ${account.digest('base64url')}`;
  }

  #supervisorOptions(): ConstructorParameters<typeof Supervisor>[0] {
    const { systemId, password, systemType } = this.#settings;
    return {
      ...this.#settings,
      credentials: { systemId, password, systemType },
      connect: this.#connect,
      random: this.#chance.random,
      login: this.#login,
      onFault: this.#failures.fault,
      bounds: this.#bounds,
    };
  }

  #delivered(delivery: Delivery, respond: (status: number) => void, sessionId: number): void {
    this.inbox.accept(delivery, sessionId, (outcome) => {
      if (outcome instanceof SmppError) {
        this.#failures.say('a deliver_sm could not be kept; the gateway delivers it again', outcome);
        respond(ESME_RX_T_APPN);
        return;
      }
      respond(0);
      if (delivery.kind !== 'sms') this.outbox.receiptCame(phoneKey(delivery.from));
    });
  }
}

/**
 * Chance tells this run from all others, a count its SMS apart: at a tenth of the cost of a UUID for each. V8 makes no
 * rope of so few characters, as they are for the first million, which would have to be copied at its first use.
 */
function idsOfThisRun(): () => string {
  const run = randomBytes(6).toString('base64url');
  let count = 0;
  return () => `${run}${(count += 1).toString(36)}`;
}
