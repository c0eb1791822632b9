/** The machine that the client runs on, over all its runs: started, killed, without power, redeployed; and asked to send. */
import type { Millis } from '../../lib/clock.js';
import type { GatewayOptions } from '../../lib/gateway-options.js';
import { sendAll } from '../../lib/send-all.js';
import type { OutboundSms, SubmitResult } from '../../lib/message.js';
import type { Owner } from '../../lib/storage/journal/owner.js';
import { ClientRun, type RunWorld } from './client-run.js';
import { Flow } from './flow.js';
import type { Ledger, SmsRecord } from './ledger.js';
import type { Promised } from './plan.js';
import type { ListPlan, SmsPlan } from './plan-sms.js';
import { met } from './bounds-reached.js';

/** A start that failed is tried again after this. */
const START_AGAIN_MS: Millis = 3_000;

/** A flow whose gateway is stopped asks again after this. */
const ASK_AGAIN_MS: Millis = 1_000;

/** Contract section 2: `stop` takes at most 5 s; what a slow disk adds is not its own. */
const STOP_MAX_MS: Millis = 5_000;

/** Syncs in a row that a stop may have to wait for: the write under way, and those that wait behind it. */
const SYNCS_AT_STOP = 12;

/** More is a loop that burns the machine's time. */
const TIMERS_PER_SECOND_MAX = 100;

export class Client {
  readonly #world: RunWorld;
  readonly #options: GatewayOptions;
  readonly #ledger: Ledger;
  readonly #flow: Flow;
  #run: ClientRun | undefined;
  #process = 0;
  #hasFailedAfterPromise = false;
  #hasFailedInside = false;
  /** Nothing is started any more. */
  #isOver = false;

  constructor(world: RunWorld, options: GatewayOptions) {
    this.#world = world;
    this.#options = options;
    this.#ledger = world.smsc.ledger;
    this.#flow = new Flow(world, () => this.promised('told'));
  }

  /** The run that takes SMS in now, if one does. */
  get up(): ClientRun | undefined {
    return this.#run?.isUp === true ? this.#run : undefined;
  }

  start(): void {
    if (this.#run !== undefined || this.#isOver) return;
    const number = this.#ledger.runs.length;
    const seen = {
      number,
      startedAt: this.#world.time.now,
      endedAt: undefined,
      stoppingAt: undefined,
      end: undefined,
    };
    this.#ledger.runs.push(seen);
    const self: Owner = {
      host: 'machine',
      boot: 'first',
      pid: this.#process,
      started: String(this.#process),
    };
    const processes = { self, isAlive: (owner: Owner) => owner.pid === this.#process };
    const run = new ClientRun(this.#world, seen, this.#options, processes);
    this.#run = run;
    run.engine.start().then(
      () => this.#started(run),
      () => {
        if (!run.isAlive) return;
        this.#end(run, 'stop');
        this.#later(START_AGAIN_MS, () => this.start());
      },
    );
  }

  /** Ends at once; what the disk has not synced is lost when the power goes too. */
  crash(isPowerCut: boolean, downMs: Millis): void {
    const run = this.#run;
    if (run === undefined) return;
    const { disk, chance, smsc } = this.#world;
    smsc.ledger.saw(isPowerCut ? 'power cut' : 'killed');
    if (smsc.links.some(({ link, session }) => link.isOpen && session.submitsOpen > 0)) {
      smsc.ledger.saw('crash with a submit_sm under way');
    }
    if (this.#ledger.sms.some(({ state, askedRun }) => state === 'asked' && askedRun === run.seen.number)) {
      smsc.ledger.saw('crash while an SMS was being taken in');
    }
    run.die(isPowerCut);
    this.#process += 1;
    if (isPowerCut) {
      const before = disk.used;
      disk.cutPower((max) => chance.integer(0, max));
      if (disk.used < before) smsc.ledger.saw('unsynced octets dropped');
    } else disk.kill();
    this.#end(run, 'crash');
    this.#later(downMs, () => this.start());
  }

  /** The client gave its word: now is the time for its power to go. */
  promised(what: Promised): void {
    const { plan, chance, time } = this.#world;
    if (plan.crashAfter !== what || this.#hasFailedAfterPromise || time.now > plan.healedAt) return;
    if (!chance.happens(0.2)) return;
    this.#hasFailedAfterPromise = true;
    this.#ledger.saw('power cut right after a promise');
    this.#later(chance.between(0, 5), () => this.crash(true, chance.between(100, 5_000)));
  }

  /** The gateway has some segments of a long SMS and not the others: now is the time to end. */
  insideLong(): void {
    const { plan, chance, time } = this.#world;
    if (plan.insideLong === undefined || this.#hasFailedInside || time.now > plan.healedAt) return;
    this.#hasFailedInside = true;
    this.#ledger.saw(`${plan.insideLong} inside a long SMS`);
    this.#later(chance.between(0, 30), () => {
      const downMs = chance.between(100, 5_000);
      if (plan.insideLong === 'redeploy') this.redeploy(downMs);
      else this.crash(chance.happens(0.5), downMs);
    });
  }

  /** As `crash`, at the next file operation after so many. */
  crashAtOperation(operations: number, isPowerCut: boolean, downMs: Millis): void {
    const run = this.#run;
    run?.dieAfterOperations(operations, () => {
      this.#ledger.saw('killed in the middle of a file operation');
      if (this.#run === run) this.crash(isPowerCut, downMs);
    });
  }

  /** Stops, and starts again after a while. */
  redeploy(downMs: Millis): void {
    const { time, smsc } = this.#world;
    const run = this.up;
    if (run === undefined) return;
    const { alarm, normal, bulk, underWay } = run.engine.outbox.counts;
    if (alarm + normal + bulk > 0) smsc.ledger.saw('redeployed with a queue');
    if (underWay > 0) smsc.ledger.saw('redeployed with submit_sm under way');
    this.#stop(run);
    this.#whenEnded(run, () => time.schedule(downMs, 'input', () => this.start()));
  }

  /** Stops for good. */
  finish(): void {
    this.#isOver = true;
    if (this.up !== undefined) this.#stop(this.up);
  }

  get isStopped(): boolean {
    return this.#run === undefined;
  }

  /** Has the flow send an SMS, as soon as the gateway takes it. */
  ask(plan: SmsPlan): void {
    const run = this.up;
    if (run === undefined) {
      if (!this.#isOver) this.#later(ASK_AGAIN_MS, () => this.ask(plan));
      return;
    }
    const record = this.#note(run, plan);
    if (plan.wants === 'result') this.#send(run, record).catch(() => undefined);
    else this.#enqueue(run, record, plan);
  }

  /** Has the flow send a list, as soon as the gateway takes it, and take its results as it has time. */
  askList(list: ListPlan): void {
    const run = this.up;
    if (run !== undefined) void this.#sendList(run, list);
    else if (!this.#isOver) this.#later(ASK_AGAIN_MS, () => this.askList(list));
  }

  /** Has the flow give a list that is to be taken in as a whole, as soon as the gateway takes it. */
  askWhole(list: readonly SmsPlan[]): void {
    const run = this.up;
    if (run === undefined) {
      if (!this.#isOver) this.#later(ASK_AGAIN_MS, () => this.askWhole(list));
      return;
    }
    const records = list.map((plan) => this.#note(run, plan));
    this.#ledger.wholes.push(records);
    const { plan: world, chance, time } = this.#world;
    const isKilled = !world.isInMemory && time.now < world.healedAt && chance.happens(0.3);
    const killAfterMs = chance.between(0, 20);
    if (isKilled) this.#later(killAfterMs, () => this.crash(chance.happens(0.5), chance.between(100, 5_000)));
    run.engine.outbox.enqueueAll(records.map(({ sms }) => sms)).then(
      (taken) => {
        if (!run.isAlive) return;
        this.#ledger.saw('list taken in as a whole');
        for (const [place, record] of records.entries()) {
          const { id, result } = taken[place]!;
          if (result === undefined) record.newId = id;
          this.#taken(record, id);
        }
      },
      (error: unknown) => {
        if (!run.isAlive) return;
        this.#ledger.saw('list refused as a whole');
        for (const record of records) this.#failed(run, record, error);
      },
    );
  }

  async #sendList(run: ClientRun, { sms, breaksAfter }: ListPlan): Promise<void> {
    const { bounds } = this.#world.plan;
    const asked: SmsRecord[] = [];
    let results = 0;
    const note = (plan: SmsPlan): OutboundSms => {
      const record = this.#note(run, plan);
      asked.push(record);
      met('sendAllAhead', asked.length - results);
      return record.sms;
    };
    function* list(): Generator<OutboundSms> {
      for (const plan of sms) yield note(plan);
    }
    const sent = new Set<SmsRecord>();
    const send = (given: OutboundSms): Promise<SubmitResult> => {
      const record = asked.find((each) => each.sms === given)!;
      sent.add(record);
      return this.#send(run, record);
    };
    try {
      for await (const result of sendAll(
        list(),
        { send, wall: () => run.clock.wall(), onStop: () => () => undefined },
        bounds,
      )) {
        if (result.id !== '') results += 1;
        if (results === breaksAfter) break;
        await new Promise<void>((resolve) => this.#later(this.#world.chance.between(1, 300), resolve));
      }
      this.#ledger.saw(breaksAfter === results ? 'list given up' : 'list sent');
    } catch {
      this.#ledger.saw('list ended by an error');
    }
    // Read of the list as nobody wanted its results any more.
    for (const record of asked) if (!sent.has(record)) record.state = 'refused';
  }

  #enqueue(run: ClientRun, record: SmsRecord, { cancelAfterMs }: SmsPlan): void {
    const taking = run.engine.outbox.enqueue(record.sms);
    record.newId = run.lastId;
    taking.then(
      ({ id }) => {
        if (!run.isAlive) return;
        this.#taken(record, id);
        if (cancelAfterMs !== undefined) this.#later(cancelAfterMs, () => this.#cancel(record, id));
      },
      (error: unknown) => this.#failed(run, record, error),
    );
  }

  /** Settles as `send` does. */
  #send(run: ClientRun, record: SmsRecord): Promise<SubmitResult> {
    const sending = run.engine.outbox.send(record.sms);
    record.newId = run.lastId;
    sending.then(
      (answer) => {
        if (!run.isAlive) return;
        this.#taken(record, answer.id);
        // A copy: whether the client lets its own go is looked at.
        record.answer = { ...answer };
        this.#flow.sent(run, record.answer);
        this.promised('told');
      },
      (error: unknown) => this.#failed(run, record, error),
    );
    return sending;
  }

  #note(run: ClientRun, plan: SmsPlan): SmsRecord {
    const { now } = this.#world.time;
    const number = this.#ledger.sms.length;
    const sendAt = plan.sendAfterMs === undefined ? undefined : run.clock.wall() + plan.sendAfterMs;
    const record: SmsRecord = {
      number,
      sms: {
        ...plan.sms,
        // Marked by its place in the ledger: an SMS that was refused is asked for under a new number.
        text: plan.sms.text.replace(/<\d+>/g, `<${number}>`),
        correlation: correlationOf(number, plan),
        ...(sendAt !== undefined && { sendAt }),
      },
      poison: plan.poison,
      wants: plan.wants,
      askedAt: now,
      askedWall: run.clock.wall(),
      askedRun: run.seen.number,
      state: 'asked',
      takenAt: Infinity,
      id: undefined,
      newId: undefined,
      refused: undefined,
      cancelledAt: undefined,
      answer: undefined,
      submits: [],
      acceptances: [],
      results: [],
      sent: undefined,
    };
    this.#ledger.sms.push(record);
    if (record.sms.priority === 'alarm') this.#ledger.alarms.push(record);
    return record;
  }

  #taken(record: SmsRecord, id: string): void {
    record.state = 'taken';
    record.takenAt = this.#world.time.now;
    record.id = id;
    this.promised('taken');
  }

  #cancel(record: SmsRecord, id: string): void {
    const run = this.up;
    if (run === undefined) return;
    void run.engine.outbox.cancel(id).then((isCancelled) => {
      if (isCancelled && run.isAlive) record.cancelledAt = this.#world.time.now;
    });
  }

  #failed(run: ClientRun, record: SmsRecord, error: unknown): void {
    if (!run.isAlive) return;
    const code = (error as { code?: unknown }).code;
    record.refused = { at: this.#world.time.now, code };
    // `send` was stopped: it may well be in the queue.
    record.state = code === 'SMPP_STOPPED' && record.wants === 'result' ? 'stopped' : 'refused';
    // A list longer than a line, where lines are short.
    if (code === 'SMPP_MESSAGE' && (error as { field?: unknown }).field === 'list') return;
    if (code === 'SMPP_QUEUE_FULL') met('queuedSms', Infinity);
    else if (code === 'SMPP_STORAGE') this.#ledger.saw('SMS refused for want of storage');
    else if (code !== 'SMPP_STOPPED')
      this.#ledger.violated(`SMS ${record.number} was refused: ${String(error)}`);
  }

  #started(run: ClientRun): void {
    if (!run.isAlive) return;
    run.isUp = true;
    const { time, plan } = this.#world;
    time.schedule(plan.subscribesAfterMs, 'input', () => {
      if (run.isUp) this.#flow.subscribe(run);
    });
  }

  #stop(run: ClientRun): void {
    const { time } = this.#world;
    run.isUp = false;
    run.seen.stoppingAt = time.now;
    run.engine.stop().then(
      () => {
        if (!run.isAlive) return;
        const tookMs = time.now - run.seen.stoppingAt! - this.#ledger.stalledMs(run.seen.stoppingAt!);
        if (tookMs > STOP_MAX_MS + SYNCS_AT_STOP * this.#world.plan.syncMaxMs)
          this.#ledger.violated(`stop took ${Math.round(tookMs)} ms`);
        this.#end(run, 'stop');
        // What hangs is over when it hangs no more.
        const hangsMs = Math.max(0, this.#ledger.diskTroubledUntil - time.now);
        this.#later(2_000 + hangsMs, () => this.#checkStopped(run));
      },
      (error: unknown) => this.#ledger.violated(`stop failed: ${String(error)}`),
    );
  }

  #checkStopped(run: ClientRun): void {
    if (run.clock.pending > 0) this.#ledger.violated(`${run.clock.pending} timers are left after stop`);
    const open = this.#world.smsc.links.filter(({ link, run: of }) => of === run.seen.number && link.isOpen);
    if (open.length > 0) this.#ledger.violated(`${open.length} connections are left after stop`);
  }

  #end(run: ClientRun, end: 'crash' | 'stop'): void {
    if (run.clock.busiest > TIMERS_PER_SECOND_MAX) {
      this.#ledger.violated(`${run.clock.busiest} timers went off within a second`);
    }
    run.isUp = false;
    run.seen.endedAt = this.#world.time.now;
    run.seen.end = end;
    if (this.#run === run) this.#run = undefined;
  }

  #whenEnded(run: ClientRun, then: () => void): void {
    this.#world.time.schedule(10, 'elsewhere', () => {
      if (run.seen.end === undefined) this.#whenEnded(run, then);
      else if (run.seen.end === 'stop') then();
    });
  }

  #later(ms: Millis, run: () => void): void {
    this.#world.time.schedule(ms, 'input', run);
  }
}

/** By its number the flow knows the SMS again. */
export interface Correlation {
  readonly number: number;
  readonly more?: string;
}

function correlationOf(number: number, { correlation }: SmsPlan): Correlation {
  const { characters, isWide } = correlation;
  return characters === 0 ? { number } : { number, more: (isWide ? '\u2603' : 'x').repeat(characters) };
}
