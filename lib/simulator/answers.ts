/** The answers of one session: at once, later, or all that are due because the session ends. */
import { errors, PDU, type PduFields, type Session } from 'smpp';
import type { Millis } from '../clock.js';
import type { Schedule } from './schedule.js';

export class Answers {
  readonly #session: Session;
  readonly #schedule: Schedule;
  readonly #due = new Set<() => void>();

  constructor(session: Session, schedule: Schedule) {
    this.#session = session;
    this.#schedule = schedule;
  }

  give(request: PDU, fields: PduFields = {}): void {
    this.#session.send(request.response(fields));
  }

  /** @param afterMs 0: in the same turn */
  giveAfter(afterMs: Millis, request: PDU, fields: PduFields): void {
    if (afterMs === 0) {
      this.give(request, fields);
      return;
    }
    const give = (): void => {
      cancel();
      this.#due.delete(give);
      this.give(request, fields);
    };
    const cancel = this.#schedule.after(afterMs, give);
    this.#due.add(give);
  }

  /** Gives every answer that is due later, now. */
  giveAll(): void {
    for (const give of this.#due) give();
  }

  /** To a command that the gateway does not know. */
  refuseCommand({ sequence_number }: PDU): void {
    this.#session.send(new PDU('generic_nack', { command_status: errors.ESME_RINVCMDID, sequence_number }));
  }
}
