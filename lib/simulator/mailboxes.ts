/** The mailboxes of all accounts, and one for what any account may have. */
import type { Millis } from '../clock.js';
import { Mailbox, type Delivery, type Receiver } from './mailbox.js';
import type { Schedule } from './schedule.js';

export class Mailboxes {
  readonly #schedule: Schedule;
  readonly #redeliverMs: Millis;
  readonly #bySystemId = new Map<string | undefined, Mailbox>();

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
    for (const mailbox of this.#bySystemId.values()) mailbox.close();
  }

  #of(systemId: string | undefined): Mailbox {
    const known = this.#bySystemId.get(systemId);
    if (known !== undefined) return known;
    const mailbox = new Mailbox(this.#schedule, this.#redeliverMs);
    this.#bySystemId.set(systemId, mailbox);
    return mailbox;
  }
}
