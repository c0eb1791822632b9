/**
 * The door of the library: a client of the inMobile gateway that keeps every SMS until it is settled.
 *
 * Everything behind it is put together in `engine.ts`, anew for each start; listeners and counters live here,
 * so that they outlast a stop.
 * Source: contract section 2.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkId,
  checkIsList,
  checkIsObject,
  checkListener,
  checkMax,
  checkWait,
  readScope,
} from './arguments.js';
import { systemClock, type EpochMs, type Millis } from './clock.js';
import type { LoginHold } from './connection/login-hold.js';
import { accountKey, loginsOf } from './connection/login-registry.js';
import { connectTls, type Connect } from './connection/tls-connect.js';
import { Engine } from './engine.js';
import { SmppError } from './errors.js';
import { FailureLog } from './failure-log.js';
import {
  readGatewayOptions,
  readSmsDefaults,
  type GatewayOptions,
  type GatewaySettings,
} from './gateway-options.js';
import type {
  CounterName,
  DeliveryReceipt,
  GatewayStatus,
  InboundSms,
  OutboundSms,
  QueuedSms,
  SubmitResult,
  Unsubscribe,
} from './message.js';
import type { QueueLeft, TakenIn } from './outbox/outbox.js';
import { readSms } from './outbox/read-sms.js';
import { sendAll } from './send-all.js';
import { StatusFeed, type StatusListener } from './status-feed.js';
import { FolderNote, type NotePlace } from './storage/folder-note.js';
import {
  isDiskFull,
  isJournalFile,
  journalStorage,
  STORE_FOLDER,
  type JournalStorage,
  type TroubleListener,
} from './storage/journal-storage.js';
import { isOnHeap, memoryStorage } from './storage/memory-storage.js';
import type { Source } from './storage/move-records.js';
import { isRecord } from './stored-shapes.js';

export type { AddressType } from './address-type.js';
export { SmppError, type SmppErrorCode } from './errors.js';
export type { GatewayOptions, StorageOptions, TlsOptions } from './gateway-options.js';
export { diagnose, type DiagnosisPlan } from './diagnose.js';
export type { TakenIn } from './outbox/outbox.js';
export type { Connect } from './connection/tls-connect.js';
export type { NotePlace } from './storage/folder-note.js';
export type { Timers } from './timers.js';
export type * from './message.js';

/**
 * May return a promise: what was handed over counts as taken, and is forgotten, once it has resolved. One that
 * rejects leaves it for later, and is logged but for an SMPP_STOPPED.
 */
type Taker<T> = (event: T) => void | Promise<void>;

/**
 * A client of the gateway.
 *
 * Results, receipts and incoming SMS are kept until a listener has taken them (its promise, if it returns one,
 * has resolved); with `disk` storage also over a restart. Without a listener they wait for one, for an hour: what nobody
 * has taken by then is forgotten where no listener of its kind exists. For receipts those are the listeners of `onReceipt`,
 * for results those of `onSettled`; `send` takes its own. What listeners reject is given up after 7 days.
 *
 * Each listener gets an object of its own, which it may keep and change.
 */
export interface Gateway {
  /**
   * Resolves when running, bound or not. May be called again after `stop`, whatever came of that.
   * @throws SMPP_STORAGE when the store cannot be opened, or is not free yet because the disk did not answer at the last
   *   stop; SMPP_STOPPED when `stop` was called before it was running. Nothing runs then
   */
  start(): Promise<void>;
  /**
   * Drains, unbinds, closes the store; at most 5 s, also while it starts. What is queued stays stored. Idempotent.
   * @throws SMPP_STORAGE when something could not be stored; it is stopped all the same
   */
  stop(): Promise<void>;
  /**
   * Sends an SMS; resolves when it is settled.
   * @throws SMPP_MESSAGE, SMPP_QUEUE_FULL, SMPP_STORAGE: not taken in. SMPP_STOPPED: not taken in, or stopped
   *   before it was settled; it then stays queued, unless `field` is `dedupeKey`: the SMS that has the key does
   */
  send(sms: OutboundSms): Promise<SubmitResult>;
  /**
   * Takes an SMS in; resolves when it is safe in storage. When another SMS has its `dedupeKey`, `id` is that one's and
   * `result` what `send` would give. Throws as `send` does.
   */
  enqueue(sms: OutboundSms): Promise<TakenIn>;
  /**
   * Takes a list in as a whole, in one durable step, before any of it leaves; what it resolves with is in the order of
   * the list. An SMS whose `dedupeKey` another has, before it or in the list, is not sent: see `enqueue`. Throws as `send`
   * does, naming the place in the list of an SMS that is at fault, and SMPP_MESSAGE, field `list`, when it is none or takes
   * more than storage keeps in one step (64 MB): then nothing of it was taken in.
   */
  enqueueAll(list: readonly OutboundSms[]): Promise<readonly TakenIn[]>;
  /**
   * Sends many; yields results as they settle, and reads the list no faster. A stop ends it with SMPP_STOPPED, after the
   * results of all that was sent. See `send-all.ts`.
   */
  sendAll(list: Iterable<OutboundSms> | AsyncIterable<OutboundSms>): AsyncIterable<SubmitResult>;
  /**
   * Takes an SMS out of the queue, for good, also while stopped; false when it is under way, settled or unknown.
   * @throws SMPP_OPTIONS when the id is no text; SMPP_STORAGE while stopped, when the store cannot be opened
   */
  cancel(id: string): Promise<boolean>;
  /**
   * Stops, and settles every SMS that is left in the queue, for good: `cancelled` with this reason, or `uncertain` where it
   * was submitted and never answered. Resolves when listeners have taken the results, or that takes too long.
   * @throws SMPP_STORAGE when the store cannot be opened
   */
  abandon(reason: string): Promise<void>;
  /**
   * How many SMS are in the queue: while stopped too, for which it looks into the store.
   * @throws SMPP_STORAGE when that cannot be opened
   */
  countQueued(): Promise<number>;
  /** How many results nobody had taken as it was stopped; 0 while it runs. */
  resultsLeft(): number;
  /**
   * How many accepted SMS asked for a receipt and have no final one; while stopped, as it was then. Undefined as long as
   * that is not known: before the first start, and for the seconds that reading a large store takes. It walks through all
   * SMS of the last 72 h.
   */
  receiptsAwaited(): number | undefined;
  /**
   * Calls back with each SMS in the queue that was taken in before this start, while stopped with each that is there. All of
   * them are read from storage: for somebody who looks for one, once.
   * @throws SMPP_OPTIONS when it is no function; SMPP_STORAGE when one cannot be read, or while stopped the store cannot be
   *   opened; what `visit` throws
   */
  recovered(visit: (sms: { readonly id: string; readonly correlation?: unknown }) => void): Promise<void>;
  /**
   * The first `max` SMS of the queue, 100 at most, in the order in which they leave: those under way, alarms, normal,
   * bulk, then those not due yet; while stopped, as it was then. No text, and recipients masked. For a person who looks:
   * it walks through the queue.
   * @throws SMPP_STORAGE when one that is not in memory cannot be read; SMPP_OPTIONS when `max` is no number
   */
  queued(max?: number): Promise<readonly QueuedSms[]>;
  /** Links, queue depth (while stopped, as it was then), counters; no personal data. */
  status(): GatewayStatus;
  /**
   * Called at once with the present status, and when it changes; changes of the queue alone twice a second. A promise
   * that it returns is not waited for; one that rejects is logged, but for an SMPP_STOPPED.
   */
  onStatus(listener: StatusListener): Unsubscribe;
  /** This and the next throw SMPP_OPTIONS when an argument is of the wrong type. */
  onSms(listener: Taker<InboundSms>): Unsubscribe;
  /** One receipt for each SMS, or one for each segment with `per: 'segment'`; also those that are not final. */
  onReceipt(
    listener: Taker<DeliveryReceipt>,
    options?: { readonly per?: 'message' | 'segment' },
  ): Unsubscribe;
  /**
   * An SMS that asked for a receipt and has no final one `afterMs`, at most 72 h, after it was accepted; state `NORECEIPT`.
   * The first who asks for this wait, or who comes back to it after more than an hour, is told of what has become overdue
   * within the last hour, and of nothing older.
   */
  onOverdue(afterMs: number, listener: Taker<DeliveryReceipt>): Unsubscribe;
  /** The result of every SMS, however it was taken in. */
  onSettled(listener: Taker<SubmitResult>): Unsubscribe;
}

/**
 * Makes a gateway; it does nothing before `start`.
 *
 * @throws SMPP_OPTIONS naming the option and the remedy
 */
export function createGateway(options: GatewayOptions): Gateway {
  return new SmsGateway(readGatewayOptions(options));
}

/**
 * Makes a gateway that goes on where another one was stopped, with other storage too: the queue, results, receipts and
 * incoming SMS that wait go over as the new one starts, from and to memory or a folder. A crash meanwhile loses and doubles
 * none that was in a folder and goes to one: the new one takes the move up again whenever it starts next.
 *
 * @param predecessor stopped before the new one is started, and not started again; undefined when that was of an earlier
 *   process
 * @param note by which it is found where an earlier process has kept its store
 * @throws SMPP_OPTIONS naming the option and the remedy
 */
export function createSuccessor(
  options: GatewayOptions,
  predecessor: Gateway | undefined,
  note?: NotePlace,
): Gateway {
  const sources = predecessor instanceof SmsGateway ? predecessor.sources : [];
  return new SmsGateway(readGatewayOptions(options), sources, note);
}

/** @throws SMPP_OPTIONS as `createGateway`, naming the option and the remedy */
export function checkOptions(options: GatewayOptions): void {
  readGatewayOptions(options);
}

/**
 * Whether both options mean the same account of the same service, so that SMS for the one may be sent by the other.
 *
 * @throws SMPP_OPTIONS naming the option and the remedy
 */
export function isSameAccount(one: GatewayOptions, other: GatewayOptions): boolean {
  const [first, second] = [one, other].map((options) => {
    const { systemId, hosts } = readGatewayOptions(options);
    return accountKey(systemId, hosts);
  });
  return first === second;
}

/** Whether a folder is the `directory` of a storage on disk. */
export function holdsStore(directory: string): boolean {
  return [directory, join(directory, STORE_FOLDER)].some((folder) => {
    try {
      return readdirSync(folder).some(isJournalFile);
    } catch {
      return false; // there is none
    }
  });
}

/**
 * Whether a gateway of these options would take this SMS in, without doing so: a list is checked before its first SMS is
 * sent.
 *
 * @throws SMPP_MESSAGE naming the property, its value (masked) and the remedy; SMPP_OPTIONS
 */
export function checkSms(
  sms: OutboundSms,
  options: Pick<GatewayOptions, 'sender' | 'defaultCountry'> = {},
): void {
  readSms(sms, '', systemClock.wall(), readSmsDefaults(options));
}

interface Cancelling {
  readonly ids: Set<string>;
  /** Those of them that were taken out. */
  readonly cancelled: Promise<ReadonlySet<string>>;
}

class SmsGateway implements Gateway {
  readonly #settings: GatewaySettings;
  readonly #storage: Source;
  /** What those before it held, until that is in `#storage`. */
  readonly #inherited: Source[];
  readonly #note: FolderNote | undefined;
  /** What is in them is another account's. */
  readonly #foreign = new Set<string>();
  readonly #connect: Connect;
  readonly #login: LoginHold;
  readonly #status: StatusFeed;
  readonly #counters = newCounters();
  /** What each listener does with an engine; done again for each new one. */
  readonly #subscriptions = new Map<(engine: Engine) => Unsubscribe, Unsubscribe | undefined>();
  /** Ends the `sendAll` of each list that is being sent. */
  readonly #lists = new Set<() => void>();
  #engine: Engine | undefined;
  #stoppedAt: EpochMs;
  /** By the last run. */
  #left: QueueLeft = { counts: EMPTY_QUEUE, first: [], results: 0 };
  /** As `#left`. */
  #awaitedAtStop: number | undefined;
  /** Starts and stops follow one another. */
  #turn: Promise<void> = Promise.resolve();
  /** Asked for so far: a start that a stop has overtaken is none. */
  #stops = 0;
  /** The last run, also when it never came up or is over. */
  #last: Engine | undefined;
  /** Ends what a start waits for. */
  #interrupt: () => void = nothing;
  /** What keeps SMS from being kept. */
  #trouble: SmppError | undefined;
  /** Asked for while it is stopped, all of one look into the store together. */
  #cancelling: Cancelling | undefined;

  /** @param inherited what those before it have left */
  constructor(settings: GatewaySettings, inherited: readonly Source[] = [], note?: NotePlace) {
    this.#settings = settings;
    this.#note = note && new FolderNote(note, settings.log);
    this.#stoppedAt = settings.clock.wall();
    this.#login = loginsOf(settings);
    const onHeap = settings.storage.kind === 'memory' ? inherited.find(isOnHeap) : undefined;
    this.#storage = onHeap ?? storageOf(settings, (trouble) => this.#noteTrouble(trouble));
    this.#inherited = inherited
      .filter((source) => source !== onHeap)
      .map((source) => (isOnHeap(source) ? source : folderStorage(source.directory, settings)));
    this.#connect = settings.connect ?? connectOf(settings);
    const failures = new FailureLog(settings.clock, settings.log);
    this.#status = new StatusFeed(
      () => this.status(),
      settings.clock,
      (error) => failures.say('a listener could not take the status', error),
    );
  }

  start(): Promise<void> {
    const stops = this.#stops;
    return this.#inTurn(() => this.#start(stops));
  }

  stop(): Promise<void> {
    this.#stopping();
    return this.#inTurn(() => this.#stop());
  }

  send(sms: OutboundSms): Promise<SubmitResult> {
    const outbox = this.#outbox;
    return outbox instanceof SmppError ? refused(sms, outbox) : outbox.send(sms);
  }

  enqueue(sms: OutboundSms): Promise<TakenIn> {
    const outbox = this.#outbox;
    return outbox instanceof SmppError ? refused(sms, outbox) : outbox.enqueue(sms);
  }

  async enqueueAll(list: readonly OutboundSms[]): Promise<readonly TakenIn[]> {
    checkIsList(list);
    const outbox = this.#outbox;
    if (outbox instanceof SmppError) throw outbox;
    return outbox.enqueueAll(list);
  }

  sendAll(list: Iterable<OutboundSms> | AsyncIterable<OutboundSms>): AsyncIterable<SubmitResult> {
    return sendAll(list, {
      send: (sms) => this.send(sms),
      wall: () => this.#settings.clock.wall(),
      onStop: (stopped) => {
        this.#lists.add(stopped);
        return () => this.#lists.delete(stopped);
      },
    });
  }

  async cancel(id: string): Promise<boolean> {
    checkId(id);
    if (this.#engine !== undefined) return this.#engine.outbox.cancel(id);
    const together = (this.#cancelling ??= this.#cancelTogether());
    together.ids.add(id);
    return (await together.cancelled).has(id);
  }

  abandon(reason: string): Promise<void> {
    this.#stopping();
    return this.#inTurn(async () => {
      await this.#stop();
      await this.#unconnected(({ outbox }) => outbox.abandon(reason));
    });
  }

  countQueued(): Promise<number> {
    return this.#withEngine(async ({ outbox: { counts } }) => counts.alarm + counts.normal + counts.bulk);
  }

  resultsLeft(): number {
    return this.#engine === undefined ? this.#left.results : 0;
  }

  receiptsAwaited(): number | undefined {
    return this.#engine === undefined ? this.#awaitedAtStop : this.#engine.tracker.awaited;
  }

  /** What it holds, whose it may be next; oldest first. */
  get sources(): readonly Source[] {
    return [...this.#inherited, this.#storage];
  }

  async recovered(visit: (sms: { id: string; correlation?: unknown }) => void): Promise<void> {
    checkListener(visit);
    const look = async ({ outbox }: Engine): Promise<void> => {
      for await (const sms of outbox.recovered()) visit(sms);
    };
    // A stop does not wait for it.
    await (this.#engine === undefined ? this.#withEngine(look) : look(this.#engine));
  }

  async queued(max = Infinity): Promise<readonly QueuedSms[]> {
    checkMax(max);
    return this.#engine?.outbox.list(max) ?? this.#left.first.slice(0, Math.max(0, max));
  }

  status(): GatewayStatus {
    const connection = this.#engine?.connection ?? { ...STOPPED, since: this.#stoppedAt };
    const queue = this.#engine?.outbox.counts ?? this.#left.counts;
    const status = { ...connection, queue: { ...queue }, counters: { ...this.#counters } };
    return this.#trouble === undefined ? status : { ...status, error: storageTrouble(this.#trouble) };
  }

  onStatus(listener: StatusListener): Unsubscribe {
    checkListener(listener);
    return this.#status.subscribe(listener);
  }

  onSms(listener: Taker<InboundSms>): Unsubscribe {
    checkListener(listener);
    return this.#subscribe((engine) => engine.inbox.onSms(listener));
  }

  onReceipt(
    listener: Taker<DeliveryReceipt>,
    options?: { readonly per?: 'message' | 'segment' },
  ): Unsubscribe {
    checkListener(listener);
    const per = readScope(options);
    return this.#subscribe((engine) => engine.tracker.onReceipt(listener, per));
  }

  onOverdue(afterMs: number, listener: Taker<DeliveryReceipt>): Unsubscribe {
    checkWait(afterMs);
    checkListener(listener);
    return this.#subscribe((engine) => engine.tracker.onOverdue(afterMs, listener));
  }

  onSettled(listener: Taker<SubmitResult>): Unsubscribe {
    checkListener(listener);
    return this.#subscribe((engine) => engine.outbox.onSettled(listener));
  }

  /** Where an SMS is taken in, or why none is. */
  get #outbox(): Engine['outbox'] | SmppError {
    if (this.#settings.connectionMode === 'receiver') return receivesOnly();
    return this.#engine?.outbox ?? stopped();
  }

  async #start(stops: number): Promise<void> {
    if (this.#engine !== undefined) return;
    if (stops !== this.#stops) throw stoppedBeforeStart();
    try {
      await this.#untilFree();
      this.#trouble = undefined;
      const engine = (this.#last = this.#newEngine());
      this.#interrupt = () => void engine.stop().catch(nothing); // `#stop` tells what came of it
      await engine.start();
      this.#engine = engine;
      this.#attach(engine);
    } finally {
      this.#interrupt = nothing;
    }
    this.#status.changed();
  }

  /** In turn: with the engine that runs by then, or else with one that has no connection. */
  #withEngine<Made>(work: (engine: Engine) => Promise<Made>): Promise<Made> {
    return this.#inTurn(() => (this.#engine === undefined ? this.#unconnected(work) : work(this.#engine)));
  }

  /** A run without a connection, for what may be asked of a gateway that is stopped. */
  async #unconnected<Made>(work: (engine: Engine) => Promise<Made>): Promise<Made> {
    await this.#untilFree();
    const engine = (this.#last = this.#newEngine());
    this.#interrupt = () => void engine.stop().catch(nothing); // as below
    let opened: Engine | undefined;
    try {
      await engine.startUnconnected();
      opened = engine;
      this.#attach(engine);
      return await work(engine);
    } finally {
      this.#interrupt = nothing;
      await this.#stop(opened);
    }
  }

  #attach(engine: Engine): void {
    for (const subscribe of this.#subscriptions.keys()) this.#subscriptions.set(subscribe, subscribe(engine));
  }

  #stopping(): void {
    this.#stops += 1;
    this.#interrupt();
    this.#endLists();
  }

  /** @param run whose queue is told of from now on; one that never came up has none */
  async #stop(run = this.#engine): Promise<void> {
    try {
      await this.#last?.stop();
    } finally {
      if (run !== undefined) {
        this.#left = run.outbox.left;
        this.#awaitedAtStop = run.tracker.awaited;
      }
      if (this.#engine !== undefined) this.#stoppedAt = this.#settings.clock.wall();
      this.#engine = undefined;
      this.#trouble = undefined;
      // Where the disk did not answer something may still come of the run: that is for the next one.
      for (const [subscribe, unsubscribe] of this.#subscriptions) {
        unsubscribe?.();
        this.#subscriptions.set(subscribe, undefined);
      }
      this.#endLists(); // those that began meanwhile
      this.#status.changed();
    }
  }

  #cancelTogether(): Cancelling {
    const ids = new Set<string>();
    const cancel = async ({ outbox }: Engine): Promise<ReadonlySet<string>> => {
      const asked = await Promise.all([...ids].map(async (id) => ((await outbox.cancel(id)) ? [id] : [])));
      return new Set(asked.flat());
    };
    const cancelled = this.#withEngine((engine) => {
      this.#cancelling = undefined;
      return cancel(engine);
    });
    return { ids, cancelled };
  }

  #endLists(): void {
    for (const end of this.#lists) end();
  }

  #newEngine(): Engine {
    return new Engine({
      settings: this.#settings,
      storage: this.#storage,
      inheritance: {
        sources: this.#inherited,
        storageIn: (directory) => folderStorage(directory, this.#settings),
        onForeign: (directory) => this.#foreign.add(directory),
        note: () => this.#noteFolders(),
      },
      connect: this.#connect,
      login: this.#login,
      count: this.#count,
      changed: () => this.#status.changed(),
    });
  }

  /** What another process goes on with must be known before there is something. */
  async #noteFolders(): Promise<void> {
    if (this.#note === undefined) return;
    const known = [this.#storage, ...this.#inherited].flatMap(directoryOf);
    const earlier = await this.#note.earlier(known);
    this.#inherited.unshift(...earlier.map((folder) => folderStorage(folder, this.#settings)));
    const folders = [...this.#foreign, ...[...this.#inherited, this.#storage].flatMap(directoryOf)];
    await this.#note.keep([...new Set(folders)]);
  }

  #noteTrouble(trouble: SmppError | undefined): void {
    this.#trouble = trouble;
    if (trouble === undefined) this.#settings.log('info', 'the storage is well again: SMS are taken in');
    else this.#settings.log('error', `${trouble.message} As long as that lasts, no SMS is taken in.`);
    this.#status.changed();
  }

  /** Resolves when the last run has left the store. */
  #untilFree(): Promise<void> {
    const last = this.#last;
    if (last === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const cancel = this.#settings.clock.after(FREE_WITHIN_MS, () => reject(notFree()));
      this.#interrupt = () => {
        cancel();
        reject(stoppedBeforeStart());
      };
      void last.atRest().then(() => {
        cancel();
        resolve();
      });
    });
  }

  #inTurn<Made>(work: () => Promise<Made>): Promise<Made> {
    const done = this.#turn.then(work);
    this.#turn = done.then(nothing, nothing);
    return done;
  }

  #subscribe(subscribe: (engine: Engine) => Unsubscribe): Unsubscribe {
    this.#subscriptions.set(subscribe, this.#engine && subscribe(this.#engine));
    return () => {
      this.#subscriptions.get(subscribe)?.();
      this.#subscriptions.delete(subscribe);
    };
  }

  readonly #count = (counter: CounterName, by: number): void => {
    this.#counters[counter] += by;
    this.#status.counted();
  };
}

/** What is no SMS is said to be none, also by a gateway that takes none. */
async function refused(sms: unknown, why: SmppError): Promise<never> {
  checkIsObject(sms);
  throw why;
}

function stopped(): SmppError {
  return new SmppError('SMPP_STOPPED', 'the gateway is stopped: start it to send SMS');
}

function stoppedBeforeStart(): SmppError {
  return new SmppError('SMPP_STOPPED', 'the gateway was stopped before it had started');
}

/** What the last stop could not wait for is mostly over by then. */
const FREE_WITHIN_MS: Millis = 5_000;

function notFree(): SmppError {
  const message =
    'storage: the disk has not answered since the last stop, and what is under way there must end first: check the ' +
    'disk, and start again';
  return new SmppError('SMPP_STORAGE', message, { field: 'storageDirectory' });
}

/** Taken in, it would wait until it expires. */
function receivesOnly(): SmppError {
  return new SmppError(
    'SMPP_OPTIONS',
    'connectionMode: an account that only receives cannot send; use transceiver, transmitter or pair',
    { field: 'connectionMode' },
  );
}

function nothing(): undefined {
  return undefined;
}

const EMPTY_QUEUE = { alarm: 0, normal: 0, bulk: 0, scheduled: 0, underWay: 0 };
const STOPPED = { state: 'stopped', onFirstHost: true, links: [] } as const;

function newCounters(): Record<CounterName, number> {
  return {
    queued: 0,
    submitted: 0,
    accepted: 0,
    rejected: 0,
    uncertain: 0,
    expired: 0,
    cancelled: 0,
    possibleDuplicates: 0,
    receipts: 0,
    delivered: 0,
    incoming: 0,
    repeatedIncoming: 0,
    binds: 0,
  };
}

function directoryOf(source: Source): string[] {
  return 'directory' in source ? [source.directory] : [];
}

function connectOf({ tls, timers, log }: GatewaySettings): Connect {
  return connectTls({ tls, timers, onWarning: (line) => log('warn', line) });
}

function storageOf(settings: GatewaySettings, onTrouble: TroubleListener): Source {
  const { storage, clock } = settings;
  return storage.kind === 'memory'
    ? memoryStorage(clock)
    : folderStorage(storage.directory, settings, onTrouble);
}

function folderStorage(
  directory: string,
  { clock, log }: GatewaySettings,
  onTrouble?: TroubleListener,
): JournalStorage {
  const onWarning = (line: string): void => log('warn', line);
  return journalStorage({ directory, clock, isRecord, onWarning, ...(onTrouble && { onTrouble }) });
}

/** What `GatewayStatus` tells of an SMPP_STORAGE, such as the one that kept a gateway from being started. */
export function storageTrouble(trouble: SmppError): NonNullable<GatewayStatus['error']> {
  const { code, message } = trouble;
  return isDiskFull(trouble.cause) ? { code, message, reason: 'diskFull' } : { code, message };
}
