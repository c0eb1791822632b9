/**
 * Receipts and incoming SMS of an account, on their way to whichever of its sessions can receive.
 *
 * Kept while no session is there, sent again when a session was lost before it answered: so at least once, as
 * with the real gateway. How long the real one keeps them is not known; here it is by number.
 */
import { errors, type PduFields } from 'smpp';
import type { Millis } from '../clock.js';
import type { DeliveryOutcome } from './incoming-sms.js';
import type { Schedule } from './schedule.js';

export interface Delivery {
  readonly fields: PduFields;
  /** The session that it should rather go to: the one that submitted. */
  readonly preferred?: number;
  readonly settle?: (outcome: DeliveryOutcome) => void;
}

/** A session that can receive. */
export interface Receiver {
  readonly id: number;
  /** Undefined until it is bound. */
  readonly systemId: string | undefined;
  /** deliver_sm that may be sent now. */
  readonly deliverCapacity: number;
  /** Sends one; `answered` gets its command_status, or undefined when the session was lost before. */
  deliver(fields: PduFields, answered: (status: number | undefined) => void): void;
}

/** The queues of all accounts, and one for what any account may have. */
export class DeliveryQueues {
  readonly #schedule: Schedule;
  readonly #redeliverMs: Millis;
  readonly #bySystemId = new Map<string | undefined, DeliveryQueue>();

  constructor(schedule: Schedule, redeliverMs: Millis) {
    this.#schedule = schedule;
    this.#redeliverMs = redeliverMs;
  }

  /** @param systemId whose session is to receive it; undefined: any account's */
  post(systemId: string | undefined, delivery: Delivery): void {
    this.#of(systemId).post(delivery);
  }

  /** A session can receive, or has room again. */
  attach(receiver: Receiver): void {
    this.#of(receiver.systemId).attach(receiver);
    this.#of(undefined).attach(receiver);
  }

  detach(receiver: Receiver): void {
    this.#of(receiver.systemId).detach(receiver);
    this.#of(undefined).detach(receiver);
  }

  /** Gives up what waits for a session, and what comes later. */
  close(): void {
    for (const queue of this.#bySystemId.values()) queue.close();
  }

  #of(systemId: string | undefined): DeliveryQueue {
    const known = this.#bySystemId.get(systemId);
    if (known !== undefined) return known;
    const queue = new DeliveryQueue(this.#schedule, this.#redeliverMs);
    this.#bySystemId.set(systemId, queue);
    return queue;
  }
}

/** More than this is not kept: the oldest is dropped. */
const QUEUED_MAX = 100_000;

/** Refusals after which the gateway tries again (peers: temporary ESME errors, SMPP 3.4 §5.1.3). */
const TEMPORARY: ReadonlySet<number> = new Set([
  errors.ESME_RX_T_APPN,
  errors.ESME_RMSGQFUL,
  errors.ESME_RSYSERR,
]);

class DeliveryQueue {
  readonly #schedule: Schedule;
  readonly #redeliverMs: Millis;
  readonly #receivers = new Map<number, Receiver>();
  readonly #queue: Delivery[] = [];
  #isClosed = false;

  constructor(schedule: Schedule, redeliverMs: Millis) {
    this.#schedule = schedule;
    this.#redeliverMs = redeliverMs;
  }

  post(delivery: Delivery): void {
    if (this.#isClosed) {
      delivery.settle?.('dropped');
      return;
    }
    this.#queue.push(delivery);
    if (this.#queue.length > QUEUED_MAX) this.#queue.shift()?.settle?.('dropped');
    this.pump();
  }

  attach(receiver: Receiver): void {
    this.#receivers.set(receiver.id, receiver);
    this.pump();
  }

  /** Call it once everything under way on the receiver was answered as lost: that goes first now. */
  detach(receiver: Receiver): void {
    this.#receivers.delete(receiver.id);
    this.pump();
  }

  /** Sends what can be sent now; to be called when a receiver's capacity has come free. */
  pump(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const receiver = this.#receiverFor(next);
      if (receiver === undefined) return;
      this.#queue.shift();
      this.#send(next, receiver);
    }
  }

  /** Gives up what is queued and what comes later. */
  close(): void {
    this.#isClosed = true;
    for (const delivery of this.#queue.splice(0)) delivery.settle?.('dropped');
  }

  #takeBack(delivery: Delivery): void {
    if (this.#isClosed) delivery.settle?.('dropped');
    else this.#queue.unshift(delivery);
  }

  #receiverFor({ preferred }: Delivery): Receiver | undefined {
    const first = preferred === undefined ? undefined : this.#receivers.get(preferred);
    if (first !== undefined && first.deliverCapacity > 0) return first;
    return [...this.#receivers.values()].find(({ deliverCapacity }) => deliverCapacity > 0);
  }

  #send(delivery: Delivery, receiver: Receiver): void {
    receiver.deliver(delivery.fields, (status) => {
      if (status === undefined) {
        this.#takeBack(delivery);
        return;
      }
      if (status === errors.ESME_ROK) delivery.settle?.('accepted');
      else if (TEMPORARY.has(status)) this.#schedule.after(this.#redeliverMs, () => this.post(delivery));
      else delivery.settle?.('refused');
      this.pump();
    });
  }
}
