/**
 * What the gateway has for the client: receipts and incoming SMS, each sent until it is answered.
 *
 * A deliver_sm without an answer goes back when its session ends, and is sent again over whichever session comes
 * next, on either host.
 */
import type { Millis } from '../../lib/clock.js';
import type { DeliverSm, ShortMessage } from '../../lib/pdu/pdu.js';
import type { DeliveryRecord, Ledger } from './ledger.js';
import type { VirtualTime } from './virtual-time.js';

/** deliver_sm under way on one session. */
const UNDER_WAY_MAX = 10;

/** One that was refused is sent again after this. */
const AGAIN_MS: Millis = 5_000;

/** A session bound to receive. */
export interface Receiver {
  readonly host: number;
  readonly run: number;
  readonly sendDelivery: (fields: DeliveryFields, answered: (status: number | undefined) => void) => void;
}

export type DeliveryFields = Omit<DeliverSm, 'command' | 'sequence_number'>;

interface Waiting {
  readonly record: DeliveryRecord;
  readonly fields: DeliveryFields;
  /** The host whose submit_sm a receipt belongs to. */
  readonly origin: number | undefined;
  /** The run that the last sending reached. */
  lastRun: number | undefined;
  /** How many sessions had joined when that of the last sending did. */
  lastJoin: number;
}

/** What is to be delivered. */
type New = Pick<DeliveryRecord, 'kind' | 'says'> &
  Partial<Pick<DeliveryRecord, 'state' | 'phone' | 'submittedAt'>>;

export class SmscMailbox {
  readonly #time: VirtualTime;
  readonly #ledger: Ledger;
  readonly #waiting: Waiting[] = [];
  readonly #receivers = new Map<Receiver, number>();
  readonly #joins = new WeakMap<Receiver, number>();
  #joined = 0;
  #turn = 0;
  /** A deliver_sm was answered with ESME_ROK. */
  onAnswered: () => void = () => undefined;

  constructor(time: VirtualTime, ledger: Ledger) {
    this.#time = time;
    this.#ledger = ledger;
  }

  get isEmpty(): boolean {
    return this.#ledger.deliveries.every(({ keptAt }) => keptAt !== undefined);
  }

  /** Whether a receipt for this id has gone out already. */
  hasSent(messageId: string): boolean {
    return this.#ledger.deliveries.some(({ says, sends }) => says === messageId && sends > 0);
  }

  /** Delivers after `delayMs`; returns the record that will tell what came of it. */
  add(
    { kind, says, state = '', phone = '', submittedAt = 0 }: New,
    fields: Partial<ShortMessage>,
    { delayMs, origin }: { delayMs: Millis; origin?: number | undefined },
  ): DeliveryRecord {
    const record: DeliveryRecord = {
      number: this.#ledger.deliveries.length,
      kind,
      says,
      state,
      phone,
      submittedAt,
      firstSentAt: undefined,
      lastSentAt: undefined,
      sends: 0,
      wentBack: false,
      keptAt: undefined,
    };
    this.#ledger.deliveries.push(record);
    const waiting: Waiting = {
      record,
      fields: { ...PLAIN, ...fields },
      origin,
      lastRun: undefined,
      lastJoin: 0,
    };
    this.#putBack(waiting, delayMs);
    return record;
  }

  join(receiver: Receiver): void {
    this.#receivers.set(receiver, 0);
    this.#joins.set(receiver, (this.#joined += 1));
    this.#pump();
  }

  leave(receiver: Receiver): void {
    this.#receivers.delete(receiver);
  }

  #putBack(waiting: Waiting, delayMs: Millis): void {
    this.#time.schedule(delayMs, 'elsewhere', () => {
      this.#waiting.push(waiting);
      this.#pump();
    });
  }

  #pump(): void {
    for (;;) {
      const open = [...this.#receivers].filter(([, underWay]) => underWay < UNDER_WAY_MAX);
      if (open.length === 0 || this.#waiting.length === 0) return;
      this.#turn += 1;
      const [receiver] = open[this.#turn % open.length]!;
      this.#send(this.#waiting.shift()!, receiver);
    }
  }

  #send(waiting: Waiting, receiver: Receiver): void {
    const { record, origin, lastRun } = waiting;
    this.#receivers.set(receiver, (this.#receivers.get(receiver) ?? 0) + 1);
    if (record.sends > 0) this.#ledger.saw('deliver_sm sent again without an answer');
    if (lastRun !== undefined && lastRun !== receiver.run)
      this.#ledger.saw('deliver_sm sent again after a crash');
    if (origin !== undefined && origin !== receiver.host) this.#ledger.saw('receipt on another host');
    record.sends += 1;
    record.firstSentAt ??= this.#time.now;
    record.lastSentAt = this.#time.now;
    const join = this.#joins.get(receiver)!;
    if (lastRun === receiver.run && join < waiting.lastJoin) record.wentBack = true;
    waiting.lastJoin = join;
    waiting.lastRun = receiver.run;
    receiver.sendDelivery(waiting.fields, (status) => {
      const underWay = this.#receivers.get(receiver);
      if (underWay !== undefined) this.#receivers.set(receiver, underWay - 1);
      if (status === 0) {
        record.keptAt = this.#time.now;
        this.onAnswered();
      } else this.#putBack(waiting, status === undefined ? 1 : AGAIN_MS);
      this.#pump();
    });
  }
}

const PLAIN: DeliveryFields = {
  source_addr_ton: 1,
  source_addr_npi: 1,
  source_addr: '4599999999',
  dest_addr_ton: 1,
  dest_addr_npi: 1,
  destination_addr: '4588888888',
  esm_class: 0,
  data_coding: 0,
  registered_delivery: 0,
  short_message: Buffer.alloc(0),
};
