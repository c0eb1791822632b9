/**
 * What the gateway has for the client: receipts and incoming SMS, each sent until it is answered.
 *
 * A deliver_sm without an answer goes back when its session ends, and is sent again over whichever session comes
 * next, on either host.
 */
import type { Millis } from '../../lib/clock.js';
import type { DeliverSm, ShortMessage } from '../../lib/pdu/pdu.js';
import type { Chance } from './chance.js';
import { drawFlaw, type Flaw, type FlawHabits } from './flaws.js';
import type { Answered, DeliveryRecord, Ledger, Sending, SessionSeen } from './ledger.js';
import type { VirtualTime } from './virtual-time.js';

/** deliver_sm under way on one session. */
const UNDER_WAY_MAX = 10;

/** One that was refused is sent again after this. */
const AGAIN_MS: Millis = 5_000;

/** A session bound to receive. */
export interface Receiver {
  readonly host: number;
  readonly run: number;
  readonly seen: SessionSeen;
  /** In one chunk. */
  readonly sendDeliveries: (deliveries: readonly Outgoing[]) => void;
}

export interface Outgoing {
  readonly fields: DeliveryFields;
  readonly flaw: Flaw | undefined;
  /** The client has read it. */
  readonly arrived: () => void;
  /** Undefined: the session ended without an answer. */
  readonly answered: (answer: Answered | undefined) => void;
}

export type DeliveryFields = Omit<DeliverSm, 'command' | 'sequence_number'>;

interface Waiting {
  readonly record: DeliveryRecord;
  readonly fields: DeliveryFields;
  readonly flaw: Flaw | undefined;
  /** The host whose submit_sm a receipt belongs to. */
  readonly origin: number | undefined;
  /** The run that the last sending reached. */
  lastRun: number | undefined;
}

/** What is to be delivered. */
type New = Pick<DeliveryRecord, 'kind' | 'says'> &
  Partial<Pick<DeliveryRecord, 'state' | 'phone' | 'submittedAt' | 'text'>>;

export class SmscMailbox {
  readonly #time: VirtualTime;
  readonly #ledger: Ledger;
  readonly #waiting: Waiting[] = [];
  readonly #receivers = new Map<Receiver, number>();
  readonly #wall: () => number;
  readonly #chance: Chance;
  readonly #flaws: FlawHabits;
  #turn = 0;
  #arrivals = 0;
  #isPumpDue = false;
  /** A deliver_sm was answered with ESME_ROK. */
  onAnswered: () => void = () => undefined;

  /** @param wall the client's clock */
  constructor(world: {
    readonly time: VirtualTime;
    readonly ledger: Ledger;
    readonly chance: Chance;
    readonly wall: () => number;
    readonly flaws: FlawHabits;
  }) {
    this.#time = world.time;
    this.#ledger = world.ledger;
    this.#chance = world.chance;
    this.#wall = world.wall;
    this.#flaws = world.flaws;
  }

  get isEmpty(): boolean {
    return this.#ledger.deliveries.every(({ keptAt }) => keptAt !== undefined);
  }

  /** Whether a receipt for this id has gone out already. */
  hasSent(messageId: string): boolean {
    return this.#ledger.deliveries.some(({ says, sendings }) => says === messageId && sendings.length > 0);
  }

  /** Delivers after `delayMs`; returns the record that will tell what came of it. */
  add(
    { kind, says, state = '', phone = '', submittedAt = 0, text = '' }: New,
    fields: Partial<ShortMessage>,
    { delayMs, origin, flaw }: { delayMs: Millis; origin?: number; flaw?: Flaw | undefined },
  ): DeliveryRecord {
    const record: DeliveryRecord = {
      number: this.#ledger.deliveries.length,
      kind,
      says,
      state,
      phone,
      submittedAt,
      text,
      firstSentAt: undefined,
      sendings: [],
      keptAt: undefined,
    };
    this.#ledger.deliveries.push(record);
    const waiting: Waiting = {
      record,
      fields: { ...PLAIN, ...fields },
      flaw: flaw ?? drawFlaw(this.#flaws),
      origin,
      lastRun: undefined,
    };
    this.#putBack(waiting, delayMs);
    return record;
  }

  join(receiver: Receiver): void {
    this.#receivers.set(receiver, 0);
    this.#pump();
  }

  leave(receiver: Receiver): void {
    this.#receivers.delete(receiver);
  }

  #putBack(waiting: Waiting, delayMs: Millis): void {
    this.#time.schedule(delayMs, 'elsewhere', () => {
      this.#waiting.push(waiting);
      this.#pumpOnce();
    });
  }

  /** For all that is due at this instant. */
  #pumpOnce(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    this.#time.schedule(0, 'elsewhere', () => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    const outgoing = new Map<Receiver, Outgoing[]>();
    for (;;) {
      const open = [...this.#receivers].filter(([, underWay]) => underWay < UNDER_WAY_MAX);
      if (open.length === 0 || this.#waiting.length === 0) break;
      this.#turn += 1;
      const [receiver] = open[this.#turn % open.length]!;
      const one = this.#outgoing(this.#waiting.shift()!, receiver);
      outgoing.set(receiver, [...(outgoing.get(receiver) ?? []), one]);
    }
    for (const [receiver, all] of outgoing) {
      if (all.length > 1 && this.#chance.happens(0.7)) {
        this.#ledger.saw('several deliver_sm in one chunk');
        const phones = all.map(({ fields }) =>
          fields.esm_class === RECEIPT_CLASS ? {} : fields.source_addr,
        );
        if (new Set(phones).size < phones.length) this.#ledger.saw('several SMS of one phone in one chunk');
        receiver.sendDeliveries(all);
      } else for (const one of all) receiver.sendDeliveries([one]);
    }
  }

  #outgoing(waiting: Waiting, receiver: Receiver): Outgoing {
    const { record, origin, lastRun } = waiting;
    this.#receivers.set(receiver, (this.#receivers.get(receiver) ?? 0) + 1);
    if (record.sendings.length > 0) this.#ledger.saw('deliver_sm sent again without an answer');
    if (waiting.flaw !== undefined) this.#ledger.saw(`deliver_sm with ${waiting.flaw}`);
    if (lastRun !== undefined && lastRun !== receiver.run)
      this.#ledger.saw('deliver_sm sent again after a crash');
    if (origin !== undefined && origin !== receiver.host) this.#ledger.saw('receipt on another host');
    const sending: Sending = {
      at: this.#time.now,
      session: receiver.seen,
      arrival: undefined,
      answer: undefined,
    };
    record.sendings.push(sending);
    record.firstSentAt ??= this.#time.now;
    waiting.lastRun = receiver.run;
    return {
      fields: waiting.fields,
      flaw: waiting.flaw,
      arrived: () => {
        this.#arrivals += 1;
        sending.arrival = { at: this.#time.now, wall: Math.floor(this.#wall()), order: this.#arrivals };
      },
      answered: (answer) => {
        sending.answer = answer;
        this.#answered(waiting, receiver, answer);
      },
    };
  }

  #answered(waiting: Waiting, receiver: Receiver, answer: Answered | undefined): void {
    const underWay = this.#receivers.get(receiver);
    if (underWay !== undefined) this.#receivers.set(receiver, underWay - 1);
    if (answer?.status === 0) {
      waiting.record.keptAt = this.#time.now;
      this.onAnswered();
    } else this.#putBack(waiting, answer === undefined ? 1 : AGAIN_MS);
    this.#pump();
  }
}

export const RECEIPT_CLASS = 0x04;

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
