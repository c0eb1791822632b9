/**
 * One run of the gateway, from start to stop: the folders put together.
 *
 *   outbox ──segments──▶ supervisor ──PDUs──▶ host
 *   outbox ◀──answers─── supervisor
 *   inbox  ◀─deliveries─ supervisor        receipts ◀── inbox
 *
 * Nothing is decided here; it is the only place that knows all of them.
 */
import { randomBytes } from 'node:crypto';
import { DEFAULT_BOUNDS, type Bounds } from './bounds.js';
import { lookedAtOnceATurn, type Clock, type Millis, withCaughtTimers } from './clock.js';
import { LoginHold } from './connection/login-hold.js';
import { accountKey } from './connection/login-registry.js';
import { Supervisor } from './connection/supervisor.js';
import type { Connect } from './connection/tls-connect.js';
import { damagedAs, SmppError } from './errors.js';
import { FailureLog } from './failure-log.js';
import type { GatewaySettings } from './gateway-options.js';
import { Inbox } from './inbox/inbox.js';
import type { Respond } from './link.js';
import type { CounterName, Delivery, GatewayStatus } from './message.js';
import { Outbox } from './outbox/outbox.js';
import { commandStatus } from './pdu/command-status.js';
import { ReceiptTracker, settledSms } from './receipt/receipt-tracker.js';
import { phoneKey } from './receipt/tracked-index.js';
import { trackedOneByOne } from './receipt/tracked-records.js';
import { moveAll, type Move } from './storage/move-records.js';
import type { Storage } from './storage/storage.js';

/** The deliver_sm could not be kept now: the gateway is to deliver it again (SMPP 3.4 §5.1.3). */
const ESME_RX_T_APPN = 0x64;

export interface EngineOptions {
  readonly settings: GatewaySettings;
  readonly storage: Storage;
  /** What it is to go on with: moved into `storage` as it opens. */
  readonly inheritance?: Pick<Move, 'sources' | 'storageIn' | 'onForeign'> & {
    /** Called before `storage` is opened, and when all has been moved that can be: keeps where it is. Never rejects. */
    readonly note: () => Promise<void>;
  };
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
  readonly #inheritance: EngineOptions['inheritance'];
  readonly #connect: Connect;
  readonly #login: LoginHold;
  readonly #supervisor: Supervisor;
  readonly #count: (counter: CounterName, by: number) => void;
  readonly #chance: Chance;
  readonly #bounds: Bounds;
  readonly #failures: FailureLog;
  /** Aborted when the run ends. */
  readonly #ending = new AbortController();
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly tracker: ReceiptTracker;

  constructor(options: EngineOptions) {
    const { settings, storage, connect, count, changed } = options;
    const { login = new LoginHold(), chance = SYSTEM_CHANCE, bounds = DEFAULT_BOUNDS } = options;
    const clock = withCaughtTimers(lookedAtOnceATurn(settings.clock), (error) =>
      this.#failures.fault('what was due could not be handled', error),
    );
    const { log } = settings;
    this.#settings = { ...settings, clock };
    this.#storage = storage;
    this.#inheritance = options.inheritance;
    this.#connect = connect;
    this.#login = login;
    this.#count = count;
    this.#chance = chance;
    this.#bounds = bounds;
    this.#failures = new FailureLog(clock, log);
    const unknownCame = (phone: string): void => this.outbox.receiptCame(phone);
    const isUnderWay = (messageId: string): boolean => this.outbox.isUnderWay(messageId);
    this.tracker = new ReceiptTracker({ storage, clock, count, log, bounds, unknownCame, isUnderWay });
    this.inbox = new Inbox({ storage, clock, count, log, bounds, tracker: this.tracker });
    this.outbox = this.#makeOutbox();
    this.#supervisor = new Supervisor(this.#supervisorOptions(), {
      bound: (bind) => {
        count('binds', 1);
        if (bind !== 'transmitter') this.inbox.bound();
      },
      modeProven: () => this.#keepModeProven(),
      linkUp: (link) => this.outbox.linkUp(link),
      linkDown: (link) => this.outbox.linkDown(link),
      restartSigned: () => this.outbox.restartSigned(),
      ready: () => this.outbox.ready(),
      delivery: (delivery, respond, sessionId) => this.#delivered(delivery, respond, sessionId),
      answersRead: (sessionId, upTo) => this.inbox.answersRead(sessionId, upTo),
      sessionOver: (sessionId, isReplaced) => this.inbox.sessionOver(sessionId, isReplaced),
      changed,
      log,
    });
  }

  get connection(): Omit<GatewayStatus, 'queue' | 'counters'> {
    return this.#supervisor.status();
  }

  /**
   * Opens the storage, hands on what an earlier run left, and begins to connect. Once only.
   *
   * @throws SMPP_STORAGE; SMPP_STOPPED when `stop` comes first, at once. Then nothing runs
   */
  start(): Promise<void> {
    return this.#begin(true);
  }

  /** As `start`, and stays without a connection: for what may be done to a queue that nobody sends. */
  startUnconnected(): Promise<void> {
    return this.#begin(false);
  }

  /**
   * Takes nothing more in, waits for answers under way, unbinds; also while it starts. After 5 s it is over, whatever
   * hangs: no connection is left, nobody waits any more, and what is left to write is written if the disk comes round.
   */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  /** Resolves when nothing is under way any more, which may be after `stop`. Never rejects. */
  async atRest(): Promise<void> {
    await Promise.allSettled([this.#opening, this.#closing]);
  }

  #begin(isToConnect: boolean): Promise<void> {
    const opening = (this.#opening = this.#open(isToConnect));
    return Promise.race([opening, endOf(this.#ending.signal)]);
  }

  async #stop(): Promise<void> {
    this.#ending.abort();
    this.#closing = this.#close();
    if (await isOverWithin(STOP_MAX_MS, this.#closing, this.#settings.clock)) return this.#closing;
    this.outbox.giveUp();
    this.#settings.log('warn', GAVE_UP);
  }

  async #open(isToConnect: boolean): Promise<void> {
    const { signal } = this.#ending;
    let isModeProven: boolean;
    try {
      if (this.#inheritance !== undefined) await this.#inheritance.note();
      goOn(signal);
      await this.#storage.open(signal);
      await this.#inherit();
      for (const part of [this.tracker, this.inbox, this.outbox]) {
        goOn(signal);
        await part.open();
      }
      const proof = await this.#storage.read('account', this.#modeKey).catch(damagedAs(true));
      isModeProven = proof !== undefined;
      goOn(signal);
    } catch (error) {
      await inTurn(
        () => allOf([this.outbox.close(), this.inbox.close(), this.tracker.close()]),
        () => this.#storage.close(),
      ).catch(() => undefined); // the first error is the one that is told
      throw error;
    }
    if (isToConnect) this.#supervisor.start(isModeProven);
  }

  async #inherit(): Promise<void> {
    if (this.#inheritance === undefined) return;
    await moveAll({
      ...this.#inheritance,
      to: this.#storage,
      isOurs: (source) => this.#isOfAccount(source),
      asRecords: trackedOneByOne,
      log: this.#settings.log,
      signal: this.#ending.signal,
    });
    await this.#inheritance.note();
  }

  /** Also when no login ever went by with it: then no account was proven to be its own. */
  async #isOfAccount(storage: Storage): Promise<boolean> {
    const { systemId, hosts } = this.#settings;
    const ours = ` ${accountKey(systemId, hosts)}`;
    let isProven = false;
    for await (const key of storage.keys('account')) {
      if (key.endsWith(ours)) return true;
      isProven ||= MODE_KEY.test(key);
    }
    return !isProven;
  }

  async #close(): Promise<void> {
    const hasStarted = this.#opening?.then(
      () => true,
      () => false, // and has closed what it had opened
    );
    if ((await hasStarted) !== true) return;
    const { clock, timers } = this.#settings;
    const from = clock.now();
    await this.outbox.finishBegun(Math.min(FINISH_MAX_MS, timers.drainMs * FINISH_SHARE));
    await inTurn(
      () => this.#supervisor.stop(clock.now() - from),
      () => this.outbox.finish(),
      // Each of them waits for its listeners for a while.
      () => allOf([this.outbox.close(), this.inbox.close(), this.tracker.close()]),
      () => this.#storage.close(),
    );
  }

  #makeOutbox(): Outbox {
    const { clock, onUncertain, segmentsPerSecond, sms, log } = this.#settings;
    return new Outbox({
      storage: this.#storage,
      clock,
      bounds: this.#bounds,
      onUncertain,
      sms,
      segmentsPerSecond,
      newId: this.#chance.newId,
      refusal: commandStatus,
      tracking: ({ receipt }, result, given) => this.tracker.tracking(settledSms(receipt, result, given)),
      receiptsRead: () => this.tracker.whenRead(),
      trackingLate: (sms, messageIds) =>
        this.tracker.trackingLate({ ...sms, messageIds, acceptedAt: clock.wall() }),
      onAccepted: () => this.#supervisor.accepted(),
      onSubmitFailed: () => this.#supervisor.submitFailed(),
      isRestart: (failedAt) => this.#supervisor.isRestart(failedAt),
      unknownReceipts: (to) => this.tracker.unknownReceiptsFor(to),
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
    return `${connectionMode} ${accountKey(systemId, hosts)}`;
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

  #delivered(delivery: Delivery, respond: Respond, sessionId: number): void {
    this.inbox.accept(delivery, sessionId, (outcome) => {
      if (outcome instanceof SmppError) {
        this.#failures.say('a deliver_sm could not be kept; the gateway delivers it again', outcome);
        return respond(ESME_RX_T_APPN);
      }
      const number = respond(0);
      if (delivery.kind !== 'sms') this.outbox.receiptCame(phoneKey(delivery.from));
      return number;
    });
  }
}

/** As `#modeKey` makes them. */
const MODE_KEY = /^(?:transceiver|transmitter|receiver|pair) \S+$/;

/** Of the drain time, for the segments of SMS that have begun; the rest is for the answers. */
const FINISH_SHARE = 2 / 3;
/** Whatever the timers say, so that the whole of a stop has its time. */
const FINISH_MAX_MS: Millis = 2_000;

/** Contract section 2: at most 5 s, with some room for a busy machine. Node-RED stops waiting for a node soon after. */
const STOP_MAX_MS: Millis = 4_900;

const GAVE_UP =
  'the stop was given up after 5 s: the disk does not answer. What is under way there goes on if it comes round; until ' +
  'then the store stays locked';

function stoppedWhileStarting(): SmppError {
  return new SmppError('SMPP_STOPPED', 'the gateway was stopped while it was starting');
}

function goOn(signal: AbortSignal): void {
  if (signal.aborted) throw stoppedWhileStarting();
}

/** Rejects when the run ends. */
function endOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(stoppedWhileStarting()), { once: true });
  });
}

/** Whether `work` is over within the time. */
function isOverWithin(ms: Millis, work: Promise<void>, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => resolve(false));
    const over = (): void => {
      cancel();
      resolve(true);
    };
    work.then(over, over);
  });
}

/** Takes every step, also after one that failed; then rejects with the first failure. */
async function inTurn(...steps: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** Resolves when all of them are over; rejects with the first failure then. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
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
