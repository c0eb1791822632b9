/** The flow that uses the client: it is told results, receipts and incoming SMS, and notes them. */
import type { Millis } from '../../lib/clock.js';
import type { DeliveryReceipt, InboundSms, SubmitResult } from '../../lib/message.js';
import type { ClientRun, RunWorld } from './client-run.js';
import type { Ledger, ReceiptSeen, SmsRecord, Taking } from './ledger.js';

/** It wants to hear of receipts that have not come by then. */
export const OVERDUE_MS: Millis = 90_000;

export class Flow {
  readonly #world: RunWorld;
  readonly #ledger: Ledger;
  readonly #told: () => void;

  /** @param told called when it has taken a result */
  constructor(world: RunWorld, told: () => void) {
    this.#world = world;
    this.#told = told;
    this.#ledger = world.smsc.ledger;
  }

  subscribe(run: ClientRun): void {
    const { engine, seen } = run;
    engine.outbox.onSettled((result) =>
      this.#take(run, (taking) => this.#settled(seen.number, result, taking)),
    );
    for (const scope of ['message', 'segment'] as const) {
      engine.tracker.onReceipt(
        (receipt) => this.#take(run, () => this.#received(seen.number, scope, receipt)),
        scope,
      );
    }
    engine.tracker.onOverdue(OVERDUE_MS, (receipt) =>
      this.#take(run, () => this.#received(seen.number, 'overdue', receipt)),
    );
    engine.inbox.onSms((sms) => this.#take(run, (taking) => this.#came(seen.number, sms, taking)));
  }

  /** A flow takes an event: mostly at once, at times after a while, and now and then it fails. */
  #take(run: ClientRun, note: (taking: Taking) => void): void | Promise<void> {
    if (!run.isAlive) return undefined;
    const { chance, time } = this.#world;
    const mood = chance.next();
    if (mood < 0.02) {
      this.#ledger.saw('listener failed');
      throw new Error('the flow failed');
    }
    const taking: Taking = { doneAt: time.now };
    note(taking);
    if (mood < 0.9) return undefined;
    taking.doneAt = undefined;
    return new Promise((resolve) => {
      time.schedule(chance.between(1, 2_000), 'input', () => {
        if (!run.isAlive) return;
        taking.doneAt = time.now;
        resolve();
      });
    });
  }

  /** What `send` resolved with. */
  sent({ seen }: ClientRun, result: SubmitResult): void {
    const { now } = this.#world.time;
    // That of another SMS, with the same dedupe key.
    const record = result.repeated === true ? undefined : this.#recordOf(result);
    if (record !== undefined) record.sent ??= { at: now, run: seen.number, result, taking: { doneAt: now } };
  }

  #recordOf({ correlation, id }: SubmitResult): SmsRecord | undefined {
    // Of one that could not be read any more, nothing is known but its id.
    if (correlation === undefined) return this.#ledger.sms.find((sms) => sms.newId === id);
    const { number } = correlation as { readonly number: number };
    return this.#ledger.sms[number];
  }

  #settled(run: number, result: SubmitResult, taking: Taking): void {
    const record = this.#recordOf(result);
    if (record === undefined) this.#ledger.violated(`a result of no SMS: ${JSON.stringify(result)}`);
    else record.results.push({ at: this.#world.time.now, run, result, taking });
    this.#told();
  }

  #received(run: number, scope: ReceiptSeen['scope'], receipt: DeliveryReceipt): void {
    this.#ledger.receipts.push({ at: this.#world.time.now, run, scope, receipt });
  }

  #came(run: number, sms: InboundSms, taking: Taking): void {
    const number = /^\((\d+)\./.exec(sms.text)?.[1];
    const record = number === undefined ? undefined : this.#ledger.incoming[Number(number)];
    if (record === undefined) this.#ledger.violated(`an SMS that nobody sent: ${sms.text}`);
    else record.emitted.push({ at: this.#world.time.now, run, sms, taking });
  }
}
