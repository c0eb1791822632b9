/**
 * Performs what a session decides, over a Duplex: the only place where a session meets sockets and timers.
 *
 * To the outbox it is a `Link`. What one turn of the event loop produced goes out in one write. While too many
 * deliver_sm are unanswered it stops reading, and the peer's TCP window fills: that is the back-pressure.
 * It decides nothing: rules stand in `lib/session`.
 *
 * What is thrown in a socket's event, nobody catches: the process would end. So whatever those whom it tells throw ends
 * here. It is said, a deliver_sm is refused for now, and all other events come as if nothing had happened.
 */
import type { Duplex } from 'node:stream';

import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import type { Clock, Millis } from '../clock.js';
import type { Answer, LeaveReason, Link, Respond } from '../link.js';
import type { Delivery, Segment } from '../message.js';
import { STATUS } from '../pdu/command-status.js';
import type { CloseReason, Effect } from '../session/effect.js';
import { Session, type SessionOptions } from '../session/session.js';

export interface DriverSetup {
  /** `host:port`. */
  readonly host: string;
  /** Connected; owned by the driver from here on. */
  readonly transport: Duplex;
  readonly session: SessionOptions;
  /** See `Link.isReplaceable`. */
  readonly isReplaceable?: boolean;
  readonly clock: Clock;
  readonly bounds?: Pick<Bounds, 'unansweredDeliveries' | 'untakenOctets' | 'lateAnswers'> | undefined;
  readonly onFault: OnFault;
}

/** Something threw that must not, so `what` was not done: for the log. Must not throw itself. */
export type OnFault = (what: string, error: unknown) => void;

/** What one of these throws is said by `onFault`, and keeps no other from being called. */
export interface DriverListener {
  bound(): void;
  /** No more capacity: the peer unbound, or we leave. May come twice, for each of the two. */
  leaving(isPeersWish: boolean): void;
  /** Capacity has come free. */
  ready(): void;
  /** `respond` answers it; ESME_RX_T_APPN does when this throws, and the gateway delivers it again. */
  delivery(delivery: Delivery, respond: Respond): void;
  /** The gateway has read the answers to deliver_sm up to this one, by the number that `respond` gave. */
  answersRead(upTo: number): void;
  /** Something of the peer's was of no use. */
  ignored(what: string): void;
  /** The last call; everything submitted was settled before. */
  closed(end: SessionEnd): void;
}

export interface SessionEnd {
  readonly reason: CloseReason;
  /** Of a refused bind. */
  readonly status: number | undefined;
  /** What the transport said, if it broke. */
  readonly cause: Error | undefined;
}

/** One call of `submit`. */
interface Batch {
  readonly settle: (index: number, answer: Answer) => void;
  /** Its octets were handed to the transport, so the peer may have them. */
  written: boolean;
}

const OVERDUE: Answer = { kind: 'overdue' };

let lastId = 0;

export class SessionDriver implements Link {
  readonly id = ++lastId;
  readonly host: string;
  readonly isReplaceable: boolean;
  readonly #transport: Duplex;
  readonly #session: Session<Batch>;
  readonly #clock: Clock;
  readonly #unbindMs: Millis;
  readonly #responseMs: Millis;
  readonly #listener: DriverListener;
  readonly #onFault: OnFault;
  readonly #deliveriesMax: number;
  readonly #untakenMax: number;
  readonly #output: Buffer[] = [];
  #unwritten: Batch[] = [];
  #isFlushDue = false;
  #isCapacityFreed = false;
  #cancelTimer: (() => void) | undefined;
  #timerAt: Millis = Infinity;
  #pausedAt: Millis | undefined;
  #pausedMs: Millis = 0;
  /** Not reading since the peer does not: that is its silence, and its time goes on. */
  #isUntaken = false;
  #cause: Error | undefined;
  #leftFor: LeaveReason | undefined;

  /** Does nothing yet: `start` does, so that no event can come before its listener is in place. */
  constructor(setup: DriverSetup, listener: DriverListener) {
    this.host = setup.host;
    this.isReplaceable = setup.isReplaceable ?? false;
    this.#transport = setup.transport;
    this.#session = new Session({ ...setup.session, bounds: setup.bounds });
    this.#clock = setup.clock;
    this.#unbindMs = setup.session.timers.unbindMs;
    this.#responseMs = setup.session.timers.responseMs;
    this.#listener = listener;
    this.#onFault = setup.onFault;
    const { unansweredDeliveries, untakenOctets } = setup.bounds ?? DEFAULT_BOUNDS;
    this.#deliveriesMax = unansweredDeliveries;
    this.#untakenMax = untakenOctets;
  }

  get capacity(): number {
    return this.#session.capacity;
  }

  get oldestSentAt(): Millis | undefined {
    return this.#session.oldestSentAt;
  }

  /** submit_sm without an answer. */
  get underWay(): number {
    return this.#session.underWay;
  }

  /**
   * Reads from the transport and binds.
   *
   * @throws SMPP_PROTOCOL naming the field when the credentials have no place in SMPP
   */
  start(): void {
    const effects = this.#session.bind(this.#now());
    const transport = this.#transport;
    transport.on('data', (chunk: Buffer) => this.#receive(chunk));
    const disconnected = () => this.#perform(this.#session.disconnected());
    transport.on('error', (error) => {
      this.#cause ??= error;
      disconnected();
    });
    transport.on('end', disconnected);
    transport.on('close', disconnected);
    this.#perform(effects);
    if (transport.destroyed) process.nextTick(disconnected);
  }

  submit(segments: readonly Segment[], settle: (index: number, answer: Answer) => void): void {
    const batch: Batch = { settle, written: false };
    const fitting = segments.slice(0, this.capacity);
    // The outbox may have counted on a capacity that is gone: no harm is done, nothing was written.
    for (let index = fitting.length; index < segments.length; index++) {
      queueMicrotask(() => this.#settle(batch, index, { kind: 'unanswered', written: false }));
    }
    if (fitting.length === 0) return;
    const effects = this.#session.submit(fitting, batch, this.#now());
    this.#unwritten.push(batch);
    this.#perform(effects.filter((effect) => effect.kind === 'write'));
    const refused = effects.filter((effect) => effect.kind !== 'write');
    if (refused.length > 0) queueMicrotask(() => this.#perform(refused));
  }

  /** See `Link.leave`. */
  get leftFor(): LeaveReason | undefined {
    return this.#leftFor;
  }

  /**
   * See `Link.leave`; without a reason it is our own wish, and nobody asks for one. Said again it only hastens.
   *
   * Where no answer came, each that is under way has its whole time, or it would be sent again for others' silence.
   */
  leave(reason?: LeaveReason, drainMs?: Millis): void {
    this.#leftFor ??= reason;
    const isSilent = reason === 'unanswered';
    this.#perform(this.#session.leave(this.#now(), isSilent ? this.#responseMs : drainMs, isSilent));
  }

  /** Ends it at once, whatever is under way. */
  destroy(): void {
    this.#perform(this.#session.disconnected());
    this.#transport.destroy();
  }

  #receive(chunk: Buffer): void {
    let effects: readonly Effect<Batch>[];
    try {
      effects = this.#session.receive(chunk, this.#now());
    } catch (error) {
      // It may have lost its place in the octets, and what it was to answer.
      this.#onFault('what the gateway sent could not be read: the session ends', error);
      this.destroy();
      return;
    }
    this.#perform(effects);
  }

  #perform(effects: readonly Effect<Batch>[]): void {
    for (const effect of effects) {
      try {
        this.#performOne(effect);
      } catch (error) {
        this.#onFault(`an event of the session could not be handled (${effect.kind})`, error);
      }
    }
    if (this.#session.state === 'closed') return;
    this.#throttle();
    this.#arm();
  }

  #performOne(effect: Effect<Batch>): void {
    switch (effect.kind) {
      case 'write':
        this.#output.push(effect.bytes);
        this.#flushSoon();
        break;
      case 'answered':
      case 'misread': {
        const { token, index } = effect.request;
        this.#settle(token, index, effect); // what it says is the answer
        this.#isCapacityFreed = true;
        this.#flushSoon();
        break;
      }
      case 'unanswered': {
        const { token, index } = effect.request;
        this.#settle(token, index, { kind: 'unanswered', written: token.written });
        break;
      }
      case 'overdue':
        this.#settle(effect.request.token, effect.request.index, OVERDUE);
        this.#isCapacityFreed = true;
        this.#flushSoon();
        break;
      case 'answeredLate':
        this.#settle(effect.request.token, effect.request.index, effect);
        break;
      case 'delivered':
        this.#deliver(effect.delivery, this.#responder(effect.sequence_number));
        break;
      case 'closed':
        this.#close(effect.reason, effect.status);
        break;
      default:
        this.#tell(effect);
    }
  }

  #settle({ settle }: Batch, index: number, answer: Answer): void {
    try {
      settle(index, answer);
    } catch (error) {
      this.#onFault('the answer to a submit_sm could not be handled', error);
    }
  }

  #deliver(delivery: Delivery, respond: Respond): void {
    try {
      this.#listener.delivery(delivery, respond);
    } catch (error) {
      this.#onFault('a deliver_sm could not be handled; the gateway delivers it again', error);
      respond(STATUS.ESME_RX_T_APPN);
    }
  }

  #tell(effect: Extract<Effect<Batch>, { kind: 'bound' | 'answersRead' | 'leaving' | 'ignored' }>): void {
    if (effect.kind === 'bound') this.#listener.bound();
    else if (effect.kind === 'answersRead') this.#listener.answersRead(effect.upTo);
    else if (effect.kind === 'leaving') this.#listener.leaving(effect.isPeersWish);
    else this.#listener.ignored(effect.what);
  }

  #responder(sequence_number: number): Respond {
    let isAnswered = false;
    return (status) => {
      if (isAnswered || this.#session.state === 'closed') return undefined;
      isAnswered = true;
      const effects = this.#session.respond(sequence_number, status, this.#now());
      const number = this.#session.answersWritten;
      this.#perform(effects);
      return number;
    };
  }

  /** At the end of this turn, when all that the turn brings is there: one write, one TLS record. */
  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    if (this.#isCapacityFreed && this.capacity > 0) {
      this.#isCapacityFreed = false;
      this.#tellReady(); // what it submits now goes with the same write
    }
    this.#isFlushDue = false;
    // A transport that broke has not said so yet: what it cannot take was never written.
    if (this.#output.length === 0 || this.#session.state === 'closed' || !this.#transport.writable) return;
    for (const batch of this.#unwritten) batch.written = true;
    this.#unwritten = [];
    const pieces = this.#output.splice(0);
    try {
      this.#transport.write(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces));
    } catch (error) {
      // Only a transport of somebody's own throws here. Nobody would catch it: the process would end.
      this.#transport.destroy(error as Error);
    }
    this.#waitUntilTaken();
  }

  #tellReady(): void {
    try {
      this.#listener.ready();
    } catch (error) {
      this.#onFault('the room that a session has again could not be used', error);
    }
  }

  #waitUntilTaken(): void {
    if (this.#isUntaken || this.#transport.writableLength < this.#untakenMax) return;
    this.#isUntaken = true;
    this.#transport.pause();
    this.#transport.once('drain', () => {
      this.#isUntaken = false;
      this.#readOn();
    });
  }

  #readOn(): void {
    if (this.#pausedAt === undefined && !this.#isUntaken) this.#transport.resume();
  }

  #throttle(): void {
    const open = this.#session.deliveriesOpen;
    if (this.#pausedAt === undefined && open >= this.#deliveriesMax) {
      this.#pausedAt = this.#clock.now();
      this.#transport.pause();
    } else if (this.#pausedAt !== undefined && open <= this.#deliveriesMax / 2) {
      this.#pausedMs += this.#clock.now() - this.#pausedAt;
      this.#pausedAt = undefined;
      this.#readOn();
    }
  }

  /** The session's time stands still while we do not read: a silence of our own making is not the peer's. */
  #now(): Millis {
    return (this.#pausedAt ?? this.#clock.now()) - this.#pausedMs;
  }

  /** A timer that is too early only looks and is set anew, which is cheaper than to move it with each PDU. */
  #arm(): void {
    const deadline = this.#session.nextDeadline;
    if (this.#pausedAt !== undefined || deadline >= this.#timerAt) return;
    this.#cancelTimer?.();
    this.#timerAt = deadline;
    this.#cancelTimer = this.#clock.after(deadline - this.#now(), () => {
      // When a flow has kept the event loop busy, the answer may be in the socket already: two turns let it be
      // read before the deadline counts (measured: 20 of 20 false timeouts without, 0 of 20 with).
      setImmediate(() => setImmediate(() => this.#look()));
    });
  }

  #look(): void {
    this.#cancelTimer?.(); // an earlier deadline may have come up meanwhile
    this.#cancelTimer = undefined;
    this.#timerAt = Infinity;
    this.#perform(this.#session.tick(this.#now()));
  }

  #close(reason: CloseReason, status: number | undefined): void {
    this.#cancelTimer?.();
    this.#output.length = 0; // its submits were just settled as never written
    try {
      if (reason === 'left') this.#hangUp();
      else this.#transport.destroy();
    } finally {
      this.#listener.closed({ reason, status, cause: this.#cause });
    }
  }

  /** In good order, but not for ever: a peer that does not close in turn is cut off. */
  #hangUp(): void {
    const cancel = this.#clock.after(this.#unbindMs, () => this.#transport.destroy());
    this.#transport.once('close', cancel);
    this.#transport.resume();
    this.#transport.end();
  }
}
