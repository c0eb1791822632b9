/**
 * One SMPP session of an ESME, without I/O: each input returns the list of its effects, a driver performs them.
 *
 * It knows no socket, no clock and no user; time is an argument on a monotonic clock, and must not go back.
 * A session serves one connection: after `closed` it does nothing more.
 *
 *     open ─bind─▶ binding ─bind_resp 0─▶ bound ─leave─▶ leaving ─answers are in─▶ unbinding ─unbind_resp─▶ closed
 *                                           └──── unbind from the peer (also from leaving) ──▶ unbound ────▶ closed
 *
 * `leaving` has an end by drainMs, `unbinding` by unbindMs, `unbound` by unboundReadMs and `binding` by bindMs;
 * every state goes to `closed` when the transport ends. BOUND_TX, BOUND_RX and BOUND_TRX of SMPP 3.4 §2.2 are `bound`
 * with a row of BINDS each.
 *
 * Nothing the peer sends makes an input throw. What cannot be read is answered where an answer is owed:
 * going deaf, or dropping the session for one bad PDU, would have the gateway deliver that PDU again, for ever.
 * Source: SMPP 3.4 §2, §4; contract section 4; D1, D4 and D14 of the npm package's session.
 */
import type { AddressType } from '../address-type.js';
import type { Bounds } from '../bounds.js';
import type { Millis } from '../clock.js';
import { SmppError } from '../errors.js';
import type { BindMode, Segment } from '../message.js';
import { STATUS } from '../pdu/command-status.js';
import { decodePdu } from '../pdu/decode.js';
import { encodeAll, encodePdu } from '../pdu/encode.js';
import { Framer } from '../pdu/framer.js';
import { PduError } from '../pdu/pdu-error.js';
import type { BindCommand, DeliverSm, Pdu, SubmitSm, UnknownRequest } from '../pdu/pdu.js';
import { toDelivery, toSubmitSm } from '../pdu/short-message.js';
import type { Timers } from '../timers.js';
import { type CloseReason, type Effect, nack, write } from './effect.js';
import { KeepAlive } from './keep-alive.js';
import { type InFlight, type OwnCommand, Window } from './window.js';

export interface SessionOptions {
  readonly bind: BindMode;
  readonly system_id: string;
  readonly password: string;
  readonly system_type: string;
  /** submit_sm under way at once. */
  readonly window: number;
  readonly timers: Timers;
  /** Of a sender of up to 8 digits. */
  readonly shortSender: AddressType;
  /** Of the bind; 1 unless a test wants to see the numbers go round. */
  readonly firstSequenceNumber?: number;
  readonly bounds?: Pick<Bounds, 'lateAnswers'> | undefined;
}

export class Session<Token> {
  readonly #options: SessionOptions;
  readonly #stream = new PduStream();
  readonly #window: Window<Token>;
  readonly #keepAlive: KeepAlive;
  #state: SessionState = 'open';
  /** When the present state has lasted too long; no limit while open or bound. */
  #stateEndsAt: Millis = Infinity;
  /** deliver_sm passed on and not answered yet. */
  #deliveriesOpen = 0;
  /** deliver_sm_resp: they are numbered from 1 on. */
  #answersWritten = 0;
  /** The number up to which the peer is known to have read them. */
  #answersRead = 0;
  #isReadUntold = false;
  /** It leaves, and not before the overdue answers have come. */
  #awaitsOverdue = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#window = new Window(options.window, options.firstSequenceNumber, options.bounds);
    this.#keepAlive = new KeepAlive(options.timers);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** submit_sm that may be submitted now; 0 unless bound as a transmitter or transceiver. */
  get capacity(): number {
    return PERMITTED[this.#state].submits && BINDS[this.#options.bind].submits ? this.#window.free : 0;
  }

  /** When the oldest submit_sm without an answer was sent, that is not overdue. */
  get oldestSentAt(): Millis | undefined {
    return this.#window.oldestSentAt;
  }

  /** submit_sm without an answer that are not overdue. */
  get underWay(): number {
    return this.#window.underWay;
  }

  /** deliver_sm that were passed on and not answered. */
  get deliveriesOpen(): number {
    return this.#deliveriesOpen;
  }

  /** Answers to deliver_sm that were written: the number of the last. */
  get answersWritten(): number {
    return this.#answersWritten;
  }

  /** Call `tick` then, or any time later; `Infinity` when nothing is waited for. */
  get nextDeadline(): Millis {
    if (this.#state !== 'bound' && this.#state !== 'leaving') return this.#stateEndsAt;
    return Math.min(this.#stateEndsAt, this.#keepAlive.deadline(this.#window.oldestSentAt));
  }

  /** Logs in. Once, on a connection that is up. */
  bind(now: Millis): Effect<Token>[] {
    const { bind, system_id, password, system_type, timers } = this.#options;
    const { command } = BINDS[bind];
    const sequence_number = this.#window.asked(command, 0);
    this.#enter('binding', now + timers.bindMs);
    return [write({ command, sequence_number, system_id, password, system_type })];
  }

  /**
   * Submits segments, in order and in one write. Each is answered, unanswered or overdue later, by `token` and its
   * index; one that was overdue may be answered late.
   *
   * A segment that SMPP cannot carry is answered ESME_RINVPARLEN in place of the peer, and harms no other.
   *
   * @throws RangeError when they are more than `capacity`
   */
  submit(segments: readonly Segment[], token: Token, now: Millis): Effect<Token>[] {
    if (segments.length > this.capacity) throw new RangeError('more segments than the window takes');
    const encoded = encodeSegments(
      segments,
      () => this.#window.takeSequenceNumber(),
      this.#options.shortSender,
    );
    const effects: Effect<Token>[] = [{ kind: 'write', bytes: encoded.bytes }];
    const answersBefore = this.#answersWritten;
    encoded.sequence_numbers.forEach((sequence_number, index) => {
      const request = { token, index, sentAt: now, answersBefore };
      if (sequence_number !== undefined) {
        this.#keepAlive.submitted();
        this.#window.submitted(sequence_number, request);
      } else effects.push({ kind: 'answered', request, status: STATUS.ESME_RINVPARLEN, messageId: '' });
    });
    return effects;
  }

  /** Answers a deliver_sm; call once for each that was delivered. No effect on a session that is closed. */
  respond(sequence_number: number, command_status: number, now: Millis): Effect<Token>[] {
    if (this.#state === 'closed') return [];
    this.#deliveriesOpen -= 1;
    this.#answersWritten += 1;
    this.#keepAlive.responded(now);
    const effects = [write<Token>({ command: 'deliver_sm_resp', sequence_number, command_status })];
    this.#unbindWhenDone(effects, now);
    return effects;
  }

  /** Octets from the peer, cut anywhere. */
  receive(chunk: Buffer, now: Millis): Effect<Token>[] {
    if (this.#state === 'closed') return [];
    this.#keepAlive.heard(now);
    const effects: Effect<Token>[] = [];
    const { pdus, flaws, isBroken } = this.#stream.read(chunk);
    for (const what of flaws) effects.push({ kind: 'ignored', what });
    for (const pdu of pdus) {
      this.#takePdu(pdu, effects, now);
      if (this.state === 'closed') return effects;
    }
    if (isBroken) this.#close(effects, 'protocol');
    else {
      this.#tellRead(effects);
      this.#unbindWhenDone(effects, now);
    }
    return effects;
  }

  /** Does what is due. */
  tick(now: Millis): Effect<Token>[] {
    if (now < this.nextDeadline) return [];
    const effects: Effect<Token>[] = [];
    const state = this.#state;
    if (state !== 'bound' && state !== 'leaving') this.#close(effects, REASON_AT_END[state]);
    else if (now >= this.#stateEndsAt) this.#unbind(effects, now);
    else {
      this.#lookAfter(effects, now);
      this.#unbindWhenDone(effects, now);
    }
    return effects;
  }

  /**
   * Leaves the peer: no more submits, waits for the answers under way (ours and theirs, `drainMs` at most),
   * unbinds, and closes. Said again it waits no longer than either time, and for overdue answers only if both say so.
   *
   * @param awaitsOverdue waits for answers that are overdue too
   */
  leave(now: Millis, drainMs: Millis = this.#options.timers.drainMs, awaitsOverdue = false): Effect<Token>[] {
    const effects: Effect<Token>[] = [];
    if (this.#state === 'open' || this.#state === 'binding') this.#close(effects, 'left');
    if (this.#state === 'bound') {
      this.#enter('leaving', now + drainMs);
      this.#awaitsOverdue = awaitsOverdue;
      effects.push({ kind: 'leaving', isPeersWish: false });
    } else if (this.#state === 'leaving') {
      this.#stateEndsAt = Math.min(this.#stateEndsAt, now + drainMs);
      this.#awaitsOverdue &&= awaitsOverdue;
    } else return effects;
    this.#unbindWhenDone(effects, now);
    return effects;
  }

  /** The transport ended. */
  disconnected(): Effect<Token>[] {
    const effects: Effect<Token>[] = [];
    if (this.#state === 'unbound') this.#close(effects, 'unbound');
    else if (this.#state === 'unbinding') this.#close(effects, 'left');
    else if (this.#state !== 'closed') this.#close(effects, 'disconnected');
    return effects;
  }

  #takePdu(pdu: Pdu, effects: Effect<Token>[], now: Millis): void {
    const { sequence_number } = pdu;
    switch (pdu.command) {
      case 'submit_sm_resp':
        // Blanks round an id fill a field up: a receipt names it without them.
        this.#answer(sequence_number, pdu.command_status, pdu.message_id.trim(), effects);
        break;
      case 'deliver_sm':
        this.#deliver(pdu, effects);
        break;
      case 'enquire_link':
        effects.push(write({ command: 'enquire_link_resp', sequence_number, command_status: 0 }));
        break;
      case 'unbind':
        effects.push(write({ command: 'unbind_resp', sequence_number, command_status: 0 }));
        this.#beLeft(effects, now);
        break;
      case 'generic_nack':
        this.#takeNack(sequence_number, pdu.command_status, effects);
        break;
      default:
        if ('command_status' in pdu) this.#takeOwnAnswer(pdu, effects, now);
        else effects.push(nack(sequence_number));
    }
  }

  #answer(sequence_number: number, status: number, messageId: string, effects: Effect<Token>[]): void {
    const request = this.#window.answered(sequence_number);
    if (request !== undefined) {
      this.#noteRead(request);
      effects.push({ kind: 'answered', request, status, messageId });
    } else if (!this.#answerLate(sequence_number, status, messageId, effects))
      effects.push({ kind: 'ignored', what: 'submit_sm_resp to no submit_sm' });
  }

  #answerLate(sequence_number: number, status: number, messageId: string, effects: Effect<Token>[]): boolean {
    const request = this.#window.answeredLate(sequence_number);
    if (request === undefined) return false;
    this.#noteRead(request);
    effects.push({ kind: 'answeredLate', request, status, messageId });
    return true;
  }

  /** Octets come in order: whoever answers a request has read all that was written before it. */
  #noteRead({ answersBefore }: Pick<InFlight<Token>, 'answersBefore'>): void {
    if (answersBefore <= this.#answersRead) return;
    this.#answersRead = answersBefore;
    this.#isReadUntold = true;
  }

  /** Once for all that came together. */
  #tellRead(effects: Effect<Token>[]): void {
    if (!this.#isReadUntold) return;
    this.#isReadUntold = false;
    effects.push({ kind: 'answersRead', upTo: this.#answersRead });
  }

  #deliver(pdu: DeliverSm, effects: Effect<Token>[]): void {
    const { sequence_number } = pdu;
    if (!PERMITTED[this.#state].delivers || !BINDS[this.#options.bind].delivers) {
      const command_status = STATUS.ESME_RINVBNDSTS;
      effects.push(write({ command: 'deliver_sm_resp', sequence_number, command_status }));
      return;
    }
    this.#deliveriesOpen += 1;
    effects.push({ kind: 'delivered', delivery: toDelivery(pdu), sequence_number });
  }

  /** Answers to bind, enquire_link and unbind. */
  #takeOwnAnswer(pdu: OwnAnswer, effects: Effect<Token>[], now: Millis): void {
    const command = pdu.command.slice(0, -'_resp'.length) as OwnCommand;
    const request = this.#window.ownAnswered(pdu.sequence_number, command);
    if (request === undefined) {
      effects.push({ kind: 'ignored', what: `${pdu.command} to no ${command}` });
      return;
    }
    this.#noteRead(request);
    if (command === 'unbind') this.#close(effects, 'left');
    else if (command === 'enquire_link') this.#keepAlive.enquiryAnswered();
    else this.#takeBindAnswer(pdu.command_status, effects, now);
  }

  #takeBindAnswer(status: number, effects: Effect<Token>[], now: Millis): void {
    if (status !== 0) {
      this.#close(effects, 'bindRefused', status);
      return;
    }
    if (this.#state !== 'binding') return; // the peer has sent unbind meanwhile
    this.#enter('bound', Infinity);
    this.#keepAlive.heard(now);
    effects.push({ kind: 'bound' });
  }

  /** generic_nack answers any request by its number (SMPP 3.4 §4.3). */
  #takeNack(sequence_number: number, status: number, effects: Effect<Token>[]): void {
    // Status 0 would read as acceptance, which a refusal is not.
    const refusal = status === 0 ? STATUS.ESME_RUNKNOWNERR : status;
    const request = this.#window.answered(sequence_number);
    if (request !== undefined) {
      this.#noteRead(request);
      if (MISREAD.has(refusal)) effects.push({ kind: 'misread', request, status: refusal });
      else effects.push({ kind: 'answered', request, status: refusal, messageId: '' });
      return;
    }
    // Whether it was misread is no matter any more: it was not taken, and goes again.
    const late = MISREAD.has(refusal) ? STATUS.ESME_RSYSERR : refusal;
    if (this.#answerLate(sequence_number, late, '', effects)) return;
    const own = this.#window.ownAnswered(sequence_number);
    if (own === undefined) {
      effects.push({ kind: 'ignored', what: 'generic_nack to no request' });
      return;
    }
    this.#noteRead(own);
    if (own.command === 'unbind') this.#close(effects, 'left');
    else if (own.command === 'enquire_link') this.#keepAlive.enquiryAnswered();
    else this.#close(effects, 'bindRefused', refusal);
  }

  #lookAfter(effects: Effect<Token>[], now: Millis): void {
    const verdict = this.#keepAlive.verdict(now, this.#window.oldestSentAt);
    if (verdict === 'enquire') {
      this.#keepAlive.enquired(now);
      const sequence_number = this.#window.asked('enquire_link', this.#answersWritten);
      effects.push(write({ command: 'enquire_link', sequence_number }));
    } else if (verdict === 'overdue') {
      const overdue = this.#window.takeOverdue(now, this.#options.timers.responseMs);
      for (const request of overdue) effects.push({ kind: 'overdue', request });
    } else if (verdict === 'dead') this.#close(effects, verdict);
  }

  /** The peer's unbind: its answers may still come before it closes (gateway.md: unbind from the gateway). */
  #beLeft(effects: Effect<Token>[], now: Millis): void {
    if (this.#state === 'unbound') return; // said again, which gives it no more time
    if (this.#state !== 'unbinding') this.#enter('unbound', now + this.#options.timers.unboundReadMs);
    effects.push({ kind: 'leaving', isPeersWish: true });
  }

  #unbindWhenDone(effects: Effect<Token>[], now: Millis): void {
    if (this.#state !== 'leaving' || (this.#awaitsOverdue && this.#window.overdue > 0)) return;
    if (this.#window.underWay === 0 && this.#deliveriesOpen === 0) this.#unbind(effects, now);
  }

  #unbind(effects: Effect<Token>[], now: Millis): void {
    this.#enter('unbinding', now + this.#options.timers.unbindMs);
    const sequence_number = this.#window.asked('unbind', this.#answersWritten);
    effects.push(write({ command: 'unbind', sequence_number }));
  }

  #enter(state: SessionState, endsAt: Millis): void {
    this.#state = state;
    this.#stateEndsAt = endsAt;
  }

  /** Everything under way has an unknown outcome then, never a failed one: the peer may have taken it. */
  #close(effects: Effect<Token>[], reason: CloseReason, status?: number): void {
    this.#enter('closed', Infinity);
    this.#tellRead(effects);
    for (const request of this.#window.abandon()) effects.push({ kind: 'unanswered', request });
    effects.push({ kind: 'closed', reason, status });
  }
}

/** Of a generic_nack. */
const MISREAD: ReadonlySet<number> = new Set([STATUS.ESME_RINVCMDLEN, STATUS.ESME_RINVCMDID]);

/** What it means that a state has lasted its time. */
const REASON_AT_END = {
  open: 'disconnected',
  binding: 'bindTimeout',
  unbinding: 'left',
  unbound: 'unbound',
  closed: 'disconnected',
} as const satisfies Partial<Record<SessionState, CloseReason>>;

type OwnAnswer = Extract<Pdu, { command_status: number }>;

export type SessionState = 'open' | 'binding' | 'bound' | 'leaving' | 'unbinding' | 'unbound' | 'closed';

interface Permissions {
  /** We may send submit_sm. */
  readonly submits: boolean;
  /** A deliver_sm is taken; elsewhere it is answered ESME_RINVBNDSTS. */
  readonly delivers: boolean;
}

/** What the peer still sends after either side's unbind is taken: it was under way (gateway.md: unbind). */
const PERMITTED: Readonly<Record<SessionState, Permissions>> = {
  open: { submits: false, delivers: false },
  binding: { submits: false, delivers: false },
  bound: { submits: true, delivers: true },
  leaving: { submits: false, delivers: true },
  unbinding: { submits: false, delivers: true },
  unbound: { submits: false, delivers: true },
  closed: { submits: false, delivers: false },
};

interface BindPermissions extends Permissions {
  readonly command: BindCommand;
}

/** SMPP 3.4 §2.3, table 2-1. */
const BINDS: Readonly<Record<BindMode, BindPermissions>> = {
  transceiver: { command: 'bind_transceiver', submits: true, delivers: true },
  transmitter: { command: 'bind_transmitter', submits: true, delivers: false },
  receiver: { command: 'bind_receiver', submits: false, delivers: true },
};

interface EncodedSegments {
  readonly bytes: Buffer;
  /** One for each segment, in order; undefined for one that SMPP cannot carry. */
  readonly sequence_numbers: readonly (number | undefined)[];
}

/**
 * Many segments to the octets of one write. All are encoded at once, which is what makes it fast; only when one of them
 * has no place in SMPP are they taken one by one, so that it alone is left out.
 */
function encodeSegments(
  segments: readonly Segment[],
  takeSequenceNumber: () => number,
  shortSender: AddressType,
): EncodedSegments {
  const pdus = segments.map((segment) => toSubmitSm(segment, takeSequenceNumber(), shortSender));
  try {
    return { bytes: encodeAll(pdus), sequence_numbers: pdus.map((pdu) => pdu.sequence_number) };
  } catch (error) {
    if (!(error instanceof SmppError)) throw error;
    return encodeOneByOne(pdus);
  }
}

function encodeOneByOne(pdus: readonly SubmitSm[]): EncodedSegments {
  const written: Buffer[] = [];
  const sequence_numbers = pdus.map((pdu) => {
    try {
      written.push(encodePdu(pdu));
      return pdu.sequence_number;
    } catch (error) {
      if (!(error instanceof SmppError)) throw error;
      return undefined;
    }
  });
  return { bytes: Buffer.concat(written), sequence_numbers };
}

interface Received {
  readonly pdus: readonly Pdu[];
  /** What was wrong with some, in words without content. */
  readonly flaws: readonly string[];
  /** Nothing more can be read: these were the last. */
  readonly isBroken: boolean;
}

/**
 * The peer's octets as PDUs. One bad PDU must neither end the session, nor silence it, nor come back for ever, so
 * whatever its header still says is made use of (SMPP 3.4 §3.2; D1 and D8 of the npm package's session).
 */
class PduStream {
  readonly #framer = new Framer();

  /** Takes octets, cut anywhere; returns what is whole by now. */
  read(chunk: Buffer): Received {
    const pdus: Pdu[] = [];
    const flaws: string[] = [];
    for (const frame of this.#cut(chunk)) {
      try {
        pdus.push(decodePdu(frame, flaws));
      } catch (error) {
        if (!(error instanceof PduError)) throw error;
        flaws.push(error.message);
        const pdu = headerOf(error);
        if (pdu !== undefined) pdus.push(pdu);
      }
    }
    const { failure } = this.#framer;
    if (failure !== undefined) flaws.push(failure.message);
    return { pdus, flaws, isBroken: failure !== undefined };
  }

  #cut(chunk: Buffer): readonly Buffer[] {
    try {
      return this.#framer.push(chunk);
    } catch (error) {
      if (error instanceof PduError) return []; // the framer keeps it as its `failure`
      throw error;
    }
  }
}

/** What did not decode as a request that nobody knows, which is answered generic_nack; undefined for a response. */
function headerOf({ kind, command, command_id, sequence_number }: PduError): UnknownRequest | undefined {
  if (command_id === undefined || sequence_number === undefined) return undefined;
  const isResponse = kind === 'unknownResponse' || command?.endsWith('_resp') === true;
  return isResponse ? undefined : { command: 'unknown', command_id, sequence_number };
}
