/** The flow that uses the client: its listeners are told results, receipts and incoming SMS, and note them. */
import type { DeliveryReceipt, InboundSms, SubmitResult, Unsubscribe } from '../../lib/message.js';
import type { ClientRun, RunWorld } from './client-run.js';
import type { Handing, Ledger, ListenerSeen, ReceiptSeen, SmsRecord, Taking } from './ledger.js';
import type { EventKind, ListenerPlan } from './plan-flow.js';
import type { Situation } from './situations.js';

interface Listener {
  readonly plan: ListenerPlan;
  readonly seen: ListenerSeen;
  /** It wants to be there. */
  isHere: boolean;
  /** Left at its first event once already. */
  hasLeft: boolean;
  unsubscribe: Unsubscribe | undefined;
}

export class Flow {
  readonly #world: RunWorld;
  readonly #ledger: Ledger;
  readonly #told: () => void;
  readonly #listeners: readonly Listener[];
  /** That its listeners may listen to. */
  #run: ClientRun | undefined;

  /** @param told called when it has taken a result */
  constructor(world: RunWorld, told: () => void) {
    this.#world = world;
    this.#told = told;
    this.#ledger = world.smsc.ledger;
    this.#listeners = world.plan.listeners.map((plan, number) => this.#make(plan, number));
  }

  #make(plan: ListenerPlan, number: number): Listener {
    const { time } = this.#world;
    const seen: ListenerSeen = { number, plan, stays: [] };
    this.#ledger.listeners.push(seen);
    const listener = { plan, seen, isHere: plan.from <= time.now, hasLeft: false, unsubscribe: undefined };
    if (!listener.isHere) time.schedule(plan.from - time.now, 'input', () => this.#come(listener));
    if (plan.until < Infinity) time.schedule(plan.until - time.now, 'input', () => this.#leave(listener));
    return listener;
  }

  subscribe(run: ClientRun): void {
    this.#run = run;
    for (const listener of this.#listeners) {
      listener.unsubscribe = undefined;
      if (listener.isHere) this.#come(listener);
    }
  }

  #come(listener: Listener): void {
    const { plan, seen } = listener;
    listener.isHere = true;
    const run = this.#run;
    if (run?.isUp !== true || listener.unsubscribe !== undefined) return;
    const { now } = this.#world.time;
    if (plan.from > 0 && now > plan.from) this.#ledger.saw('listener comes later');
    seen.stays.push({ run: run.seen.number, from: now, until: Infinity });
    const unsubscribes = plan.kinds.map((kind) => this.#listen(run, listener, kind));
    listener.unsubscribe = () => {
      for (const unsubscribe of unsubscribes) unsubscribe();
    };
  }

  #leave(listener: Listener): void {
    listener.isHere = false;
    if (listener.unsubscribe === undefined) return;
    listener.unsubscribe();
    listener.unsubscribe = undefined;
    listener.seen.stays.at(-1)!.until = this.#world.time.now;
    this.#ledger.saw('listener leaves');
  }

  #listen(run: ClientRun, listener: Listener, kind: EventKind): Unsubscribe {
    const { outbox, tracker, inbox } = run.engine;
    switch (kind) {
      case 'settled':
        return outbox.onSettled((result) =>
          this.#take(run, listener, (handing) => this.#settled(handing, result)),
        );
      case 'sms':
        return inbox.onSms((sms) => this.#take(run, listener, (handing) => this.#came(handing, sms)));
      case 'overdue':
        return tracker.onOverdue(listener.plan.overdueMs, (receipt) =>
          this.#take(run, listener, (handing) => this.#received(handing, kind, receipt)),
        );
      default:
        return tracker.onReceipt(
          (receipt) => this.#take(run, listener, (handing) => this.#received(handing, kind, receipt)),
          kind,
        );
    }
  }

  /** A listener takes an event: mostly at once, at times after a while, and now and then it fails. */
  #take(run: ClientRun, listener: Listener, note: (handing: Handing) => void): void | Promise<void> {
    if (!run.isAlive) return undefined;
    const { chance, time } = this.#world;
    const { throws, rejects, waits, waitMaxMs } = listener.plan;
    const mood = chance.next();
    const taking: Taking = { doneAt: undefined, failedAt: undefined };
    if (mood < throws) taking.failedAt = time.now;
    else if (mood >= throws + rejects + waits) taking.doneAt = time.now;
    note({ at: time.now, run: run.seen.number, listener: listener.seen.number, taking });
    this.#leaveAtFirst(listener);
    if (taking.doneAt !== undefined) return undefined;
    if (taking.failedAt !== undefined) {
      this.#ledger.saw('listener failed');
      throw new Error('the flow failed');
    }
    return new Promise((resolve, reject) => {
      if (waitMaxMs === Infinity) this.#ledger.saw(neverAnswers(listener.plan));
      else
        time.schedule(chance.between(1, waitMaxMs), 'input', () => {
          if (!run.isAlive) return;
          const isTaken = mood >= throws + rejects;
          if (isTaken) taking.doneAt = time.now;
          else taking.failedAt = time.now;
          if (isTaken) resolve();
          else reject(new Error('the flow failed after a while'));
        });
    });
  }

  #leaveAtFirst(listener: Listener): void {
    const { backAfterFirstMs, until } = listener.plan;
    if (backAfterFirstMs === undefined || listener.hasLeft) return;
    listener.hasLeft = true;
    this.#ledger.saw('listener leaves at its first event');
    this.#leave(listener);
    const come = (): void => {
      if (this.#world.time.now < until) this.#come(listener);
    };
    if (backAfterFirstMs === 0) come();
    else this.#world.time.schedule(backAfterFirstMs, 'input', come);
  }

  /** What `send` resolved with. */
  sent({ seen }: ClientRun, result: SubmitResult): void {
    const { now } = this.#world.time;
    // That of another SMS, with the same dedupe key.
    const record = result.repeated === true ? undefined : this.#recordOf(result);
    if (record === undefined) return;
    const taking = { doneAt: now, failedAt: undefined };
    record.sent ??= { at: now, run: seen.number, listener: -1, result, taking };
  }

  #recordOf({ correlation, id }: SubmitResult): SmsRecord | undefined {
    // Of one that could not be read any more, nothing is known but its id.
    if (correlation === undefined) return this.#ledger.sms.find((sms) => sms.newId === id);
    const { number } = correlation as { readonly number: number };
    return this.#ledger.sms[number];
  }

  #settled(handing: Handing, result: SubmitResult): void {
    const record = this.#recordOf(result);
    // Of one that the process died over as it was taken in, and that went bad, nothing is known at all.
    const isNobodys = this.#world.plan.hasRotten && result.to === '';
    if (record !== undefined) record.results.push({ ...handing, result: { ...result } });
    else if (!isNobodys) this.#ledger.violated(`a result of no SMS: ${JSON.stringify(result)}`);
    spoil(result);
    if (handing.taking.failedAt === undefined) this.#told();
  }

  #received(handing: Handing, scope: ReceiptSeen['scope'], receipt: DeliveryReceipt): void {
    this.#ledger.receipts.push({ ...handing, scope, receipt: { ...receipt } });
    spoil(receipt);
  }

  #came(handing: Handing, sms: InboundSms): void {
    const says = `${sms.text}${Buffer.from(sms.binary ?? '', 'hex').toString('latin1')}`;
    const content = Number(/\((\d+)\./.exec(says)?.[1] ?? NaN);
    if (!this.#ledger.incoming.some((record) => record.content === content))
      this.#ledger.violated(`an SMS that nobody sent: ${says}`);
    else this.#ledger.emitted.push({ ...handing, content, sms: ownCopy(sms), says });
    spoil(sms);
  }
}

function neverAnswers({ until }: ListenerPlan): Situation {
  return until === Infinity ? 'listener never answers, and stays' : 'listener never answers';
}

/** An event is the listener's own: what one makes of it is in nobody else's way, nor when it comes again. */
function spoil(event: SubmitResult | DeliveryReceipt | InboundSms): void {
  const owner = 'inReplyTo' in event ? event.inReplyTo : event;
  const correlation = 'correlation' in owner ? owner.correlation : undefined;
  if (typeof correlation === 'object' && correlation !== null) Object.assign(correlation, SPOILT);
  Object.assign(event, SPOILT);
}

const SPOILT = { id: 'spoilt', messageId: 'spoilt', from: 'spoilt', text: 'spoilt', number: NaN };

function ownCopy({ inReplyTo, ...sms }: InboundSms): InboundSms {
  if (inReplyTo === undefined) return sms;
  return { ...sms, inReplyTo: { ...inReplyTo, correlation: structuredClone(inReplyTo.correlation) } };
}
