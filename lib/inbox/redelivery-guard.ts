/**
 * Tells a deliver_sm that came again, because the gateway may not have our answer, from another that says the same.
 *
 *   noted ─▶ in doubt ─┬─ the gateway has read the answer ─▶ forgotten: the same again is another message
 *                      └─ its session is over before that ─▶ excuses one copy, until 2 min after the next bind
 *
 * A copy takes the place of the one it repeats, in doubt until its own answer was read. The same twice on one session is
 * two messages: as long as a session lasts, its answers arrive. A copy that comes over another while the session of the
 * first lasts waits until it is known whether that answer was read; after 5 s it counts as a copy.
 *
 * Only what is in doubt is remembered, on disk in table `seen`, so that what an earlier process left there is in doubt.
 * Its size has a bound, and what is over is forgotten some at a time.
 * Source: SMPP 3.4 §4.6 has no identity for a deliver_sm; contract section 4 (incoming).
 */
import * as crypto from 'node:crypto';
import { createHash } from 'node:crypto';
import { Alarm } from '../alarm.js';
import type { Bounds } from '../bounds.js';
import type { Clock, EpochMs, Millis } from '../clock.js';
import type { Delivery } from '../message.js';
import type { Change } from '../storage/storage.js';
import { TransitMap } from '../transit-map.js';

/** A gateway that has no answer sends again when the next session is bound, within this mostly. */
const EXCUSE_MS: Millis = 2 * 60_000;

/** Whether an answer was read is known within seconds, of a session that lives. */
const COPY_WAIT_MS: Millis = 5_000;

/** What nobody opens for so long, no gateway sends again. */
const KEEP_MS: Millis = 7 * 86_400_000;

/** Of the 256 bits in base64: 132 are enough that no two messages are ever taken for one. */
const FINGERPRINT_LENGTH = 22;

/** What an earlier process has seen; sessions are numbered from 1. */
const EARLIER_PROCESS = 0;

const KEPT = Promise.resolve();

/** A deliver_sm whose answer the gateway may not have. Nobody but the guard changes it. */
export interface Doubt {
  /** Of its record. */
  readonly key: string;
  readonly fingerprint: string;
  /** Resolves when its content is safe. */
  readonly kept: Promise<void>;
  /** The session on which it came last; undefined when it is forgotten. */
  session: SessionDoubts | undefined;
  /** The number of its answer on that session; 0 before it. */
  answer: number;
  /** A copy waits to know whether it is one. */
  isClaimed: boolean;
  /** Others of that session which say the same: `last` only of the first. */
  previous: Doubt | undefined;
  next: Doubt | undefined;
  last: Doubt | undefined;
}

/** What may be a copy. */
export interface Copy {
  readonly sessionId: number;
  /** From then on it waits. */
  readonly cameAt: Millis;
}

/** A copy that waits for the answer to the first. */
interface Wait {
  readonly doubt: Doubt;
  /** On which the copy came. */
  readonly sessionId: number;
  readonly until: Millis;
  readonly decided: Decided;
}

/** Told what a delivery repeats; undefined when it is news. Not told when its session ends first. */
export type Decided = (repeated: Doubt | undefined) => void;

export interface RedeliveryGuardOptions {
  readonly clock: Clock;
  readonly bounds: Pick<Bounds, 'seenDeliveries' | 'sweepEvery'>;
  /** Erases the records with these keys; asked again for those that it rejects. */
  readonly forget: (keys: readonly string[]) => Promise<void>;
}

export class RedeliveryGuard {
  readonly #options: RedeliveryGuardOptions;
  /** Those that have something in doubt, by id, the oldest first. */
  readonly #sessions = new Map<number, SessionDoubts>();
  readonly #wakeUp: Alarm;
  #waits: readonly Wait[] = [];
  /** Keys whose records are not erased yet. */
  #forgotten: string[] = [];
  #size = 0;
  #lastKey = 0;
  #cancelSweep: (() => void) | undefined;
  #isClosed = false;

  constructor(options: RedeliveryGuardOptions) {
    this.#options = options;
    this.#wakeUp = new Alarm(options.clock, () => this.#wake());
  }

  /** Deliveries in doubt. */
  get size(): number {
    return this.#size;
  }

  /** Of the next record. */
  takeKey(): string {
    this.#lastKey += 1;
    return String(this.#lastKey);
  }

  /** Notes what an earlier process has seen; `value` is that of its record. */
  restore(key: string, value: unknown): void {
    // The first versions had a record for each fingerprint.
    const fingerprint = typeof value === 'string' ? value : key;
    if (typeof value === 'string') this.#lastKey = Math.max(this.#lastKey, Number(key));
    const session = this.#sessionOf(EARLIER_PROCESS);
    session.isOver = true;
    session.answered(this.note(key, fingerprint, EARLIER_PROCESS, KEPT));
  }

  /** Notes a delivery that is being kept. */
  note(key: string, fingerprint: string, sessionId: number, kept: Promise<void>): Doubt {
    const doubt: Doubt = {
      key,
      fingerprint,
      kept,
      session: undefined,
      answer: 0,
      isClaimed: false,
      previous: undefined,
      next: undefined,
      last: undefined,
    };
    this.#size += 1;
    this.#putOn(doubt, sessionId);
    if (this.#size > this.#options.bounds.seenDeliveries) this.#giveUpOldest();
    return doubt;
  }

  /**
   * It was answered on this session.
   *
   * @param number of the answer; undefined when the session was over
   */
  answered(doubt: Doubt, sessionId: number, number: number | undefined): void {
    const { session } = doubt;
    if (number === undefined || session?.id !== sessionId) return;
    doubt.answer = number;
    session.answered(doubt);
  }

  /** It could not be kept: the gateway is asked to send it again. */
  notKept(doubt: Doubt): void {
    const wait = this.#waits.find((each) => each.doubt === doubt);
    this.#drop(doubt);
    if (wait !== undefined) this.#settle([wait], () => this.#decideAnew(wait));
  }

  /** What this delivery may be a copy of: `decide` tells. */
  earlier(fingerprint: string, sessionId: number): Doubt | undefined {
    if (this.#sessions.size === 0) return undefined;
    let open: Doubt | undefined;
    for (const session of this.#sessions.values()) {
      if (session.id === sessionId) continue;
      const doubt = this.#firstOf(session, fingerprint);
      if (doubt === undefined) continue;
      if (session.isOver) return doubt;
      open ??= doubt;
    }
    return open;
  }

  /** Decides on a delivery which may be a copy of `earlier`: at once, or when that one's answer is known to be read or not. */
  decide(earlier: Doubt, { sessionId, cameAt }: Copy, decided: Decided): void {
    this.#decide(earlier, { sessionId, until: cameAt + COPY_WAIT_MS, decided });
  }

  /** The gateway has read the answers of a session up to this one. */
  answersRead(sessionId: number, upTo: number): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    session.readUpTo = upTo;
    const waits = this.#waits.filter(({ doubt }) => doubt.session === session && isRead(doubt));
    this.#settle(waits, (wait) => {
      this.#forget(wait.doubt);
      this.#decideAnew(wait);
    });
    this.#sweep();
  }

  /**
   * A session has ended: what it brought may be delivered again on another.
   *
   * @param isReplaced the next one is bound already
   */
  sessionOver(sessionId: number, isReplaced: boolean): void {
    // What waits on it comes again, and has no answer: it never came.
    const unheard = this.#waits.filter((wait) => wait.sessionId === sessionId);
    this.#settle(unheard, ({ doubt }) => this.#release(doubt));
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    session.isOver = true;
    if (isReplaced) this.#limit(session);
    const waits = this.#waits.filter(({ doubt }) => doubt.session === session);
    this.#settle(waits, (wait) => this.#repeat(wait));
    if (session.isEmpty) this.#sessions.delete(sessionId);
  }

  /** A session is bound that receives: what the gateway has no answer to comes now. */
  bound(): void {
    for (const session of this.#sessions.values()) {
      if (session.isOver && session.excusesUntil === Infinity) this.#limit(session);
    }
  }

  /** Does nothing more by itself. Returns what is in doubt. */
  close(): readonly Doubt[] {
    this.#isClosed = true;
    this.#wakeUp.clear();
    this.#cancelSweep?.();
    for (const { doubt } of this.#waits) this.#release(doubt);
    this.#waits = [];
    this.#forgetAllOver();
    while (this.#forgotten.length > 0) this.#erase();
    return [...this.#sessions.values()].flatMap((session) => session.all());
  }

  /** There is no later turn of the event loop for the rest. */
  #forgetAllOver(): void {
    const now = this.#options.clock.now();
    for (const session of this.#sessions.values()) {
      const isPast = session.excusesUntil <= now;
      for (const doubt of session.all()) if (isPast || isRead(doubt)) this.#forget(doubt);
    }
  }

  #decide(doubt: Doubt, copy: Omit<Wait, 'doubt'>): void {
    const wait = { ...copy, doubt };
    doubt.session?.remove(doubt);
    doubt.isClaimed = true;
    if (doubt.session?.isOver !== false || wait.until <= this.#options.clock.now()) {
      this.#repeat(wait);
      return;
    }
    this.#waits = [...this.#waits, wait];
    this.#setWakeUp(wait.until);
  }

  /** It is no copy of what it waited for; it may be one of another that says the same. */
  #decideAnew(wait: Wait): void {
    const other = this.earlier(wait.doubt.fingerprint, wait.sessionId);
    if (other === undefined) wait.decided(undefined);
    else this.#decide(other, wait);
  }

  #repeat({ doubt, sessionId, decided }: Wait): void {
    doubt.isClaimed = false;
    doubt.answer = 0;
    this.#putOn(doubt, sessionId);
    decided(doubt);
  }

  #release(doubt: Doubt): void {
    doubt.isClaimed = false;
    doubt.session?.add(doubt);
    if (doubt.answer > 0) doubt.session?.answered(doubt);
  }

  #settle(waits: readonly Wait[], settle: (wait: Wait) => void): void {
    if (waits.length === 0) return;
    this.#waits = this.#waits.filter((wait) => !waits.includes(wait));
    for (const wait of waits) settle(wait);
  }

  #putOn(doubt: Doubt, sessionId: number): void {
    const session = this.#sessionOf(sessionId);
    doubt.session = session;
    session.add(doubt);
  }

  #sessionOf(sessionId: number): SessionDoubts {
    let session = this.#sessions.get(sessionId);
    if (session === undefined) {
      session = new SessionDoubts(sessionId);
      this.#sessions.set(sessionId, session);
    }
    return session;
  }

  #firstOf(session: SessionDoubts, fingerprint: string): Doubt | undefined {
    if (session.excusesUntil <= this.#options.clock.now()) return undefined;
    let doubt = session.first(fingerprint);
    while (doubt !== undefined && isRead(doubt)) {
      this.#forget(doubt);
      doubt = session.first(fingerprint);
    }
    return doubt;
  }

  #limit(session: SessionDoubts): void {
    session.excusesUntil = this.#options.clock.now() + EXCUSE_MS;
    this.#setWakeUp(session.excusesUntil);
  }

  #giveUpOldest(): void {
    for (const session of this.#sessions.values()) {
      const oldest = session.oldest();
      if (oldest === undefined) continue;
      this.#forget(oldest);
      break;
    }
    // Not in this turn, at whose end its record may be written.
    if (this.#forgotten.length >= this.#options.bounds.sweepEvery) this.#sweepSoon();
  }

  /** Out of doubt, or given up. */
  #forget(doubt: Doubt): void {
    this.#forgotten.push(doubt.key);
    this.#drop(doubt);
  }

  #drop(doubt: Doubt): void {
    const { session } = doubt;
    if (session === undefined) return;
    this.#size -= 1;
    if (!doubt.isClaimed) session.remove(doubt);
    doubt.session = undefined;
  }

  #wake(): void {
    const now = this.#options.clock.now();
    this.#settle(
      this.#waits.filter(({ until }) => until <= now),
      (wait) => this.#repeat(wait),
    );
    this.#sweep();
    const instants = [...this.#sessions.values()].map(({ excusesUntil }) => excusesUntil);
    for (const at of [...instants, ...this.#waits.map(({ until }) => until)])
      if (at > now) this.#setWakeUp(at);
  }

  #setWakeUp(at: Millis): void {
    if (!this.#isClosed) this.#wakeUp.set(at);
  }

  /** Forgets what was read and what excuses nothing any more; so much, and the rest in another turn of the event loop. */
  #sweep(): void {
    const { clock, bounds } = this.#options;
    const now = clock.now();
    let left = bounds.sweepEvery;
    for (const session of this.#sessions.values()) {
      const isPast = session.excusesUntil <= now;
      for (let doubt = session.over(isPast); doubt !== undefined && left > 0; left -= 1) {
        this.#forget(doubt);
        doubt = session.over(isPast);
      }
      if (session.isOver && session.isEmpty) this.#sessions.delete(session.id);
    }
    this.#erase();
    if (left === 0) this.#sweepSoon();
  }

  #sweepSoon(): void {
    if (this.#isClosed) return;
    this.#cancelSweep ??= this.#options.clock.after(0, () => {
      this.#cancelSweep = undefined;
      this.#sweep();
    });
  }

  #erase(): void {
    if (this.#forgotten.length === 0) return;
    const keys = this.#forgotten.splice(0, this.#options.bounds.sweepEvery);
    if (this.#forgotten.length > 0) this.#sweepSoon();
    this.#options.forget(keys).catch(() => {
      this.#forgotten = [...keys, ...this.#forgotten];
    });
  }
}

/** What one session brought and is in doubt. */
class SessionDoubts {
  readonly id: number;
  isOver = false;
  /** Of a session that is over, once the next one is bound. */
  excusesUntil: Millis = Infinity;
  /** The gateway has read its answers up to this one. */
  readUpTo = 0;
  /** The first of those that say the same, by fingerprint. */
  readonly #firsts = new TransitMap<string, Doubt>();
  /** In the order of their answers. Some of them may be here no more. */
  #answered: Doubt[] = [];
  #answeredFrom = 0;

  constructor(id: number) {
    this.id = id;
  }

  get isEmpty(): boolean {
    return this.#firsts.size === 0;
  }

  first(fingerprint: string): Doubt | undefined {
    return this.#firsts.get(fingerprint);
  }

  all(): readonly Doubt[] {
    const all: Doubt[] = [];
    for (const first of this.#firsts.values()) {
      for (let doubt: Doubt | undefined = first; doubt !== undefined; doubt = doubt.next) all.push(doubt);
    }
    return all;
  }

  add(doubt: Doubt): void {
    const first = this.#firsts.get(doubt.fingerprint);
    if (first === undefined) {
      doubt.last = doubt;
      this.#firsts.set(doubt.fingerprint, doubt);
      return;
    }
    doubt.previous = first.last;
    if (first.last !== undefined) first.last.next = doubt;
    first.last = doubt;
  }

  remove(doubt: Doubt): void {
    const { fingerprint, previous, next, last } = doubt;
    if (previous !== undefined) {
      previous.next = next;
      const first = this.#firsts.get(fingerprint);
      if (next !== undefined) next.previous = previous;
      else if (first !== undefined) first.last = previous;
    } else if (next !== undefined) {
      next.previous = undefined;
      next.last = last;
      this.#firsts.set(fingerprint, next);
    } else this.#firsts.delete(fingerprint);
    doubt.previous = doubt.next = doubt.last = undefined;
  }

  answered(doubt: Doubt): void {
    this.#answered.push(doubt);
  }

  /** One that is over: `isPast` any, else one whose answer was read. */
  over(isPast: boolean): Doubt | undefined {
    const oldest = isPast ? this.oldest() : this.#oldestAnswered();
    return oldest !== undefined && (isPast || isRead(oldest)) ? oldest : undefined;
  }

  /** Those that are answered are the oldest, but for some few. */
  oldest(): Doubt | undefined {
    const answered = this.#oldestAnswered();
    if (answered !== undefined) return answered;
    for (const first of this.#firsts.values()) return first;
    return undefined;
  }

  /** Unless a copy waits for it. */
  #oldestAnswered(): Doubt | undefined {
    const answered = this.#answered;
    let doubt = answered[this.#answeredFrom];
    while (doubt !== undefined && (doubt.session !== this || doubt.isClaimed)) {
      this.#answeredFrom += 1;
      doubt = answered[this.#answeredFrom];
    }
    if (doubt === undefined) {
      this.#answered = [];
      this.#answeredFrom = 0;
    } else if (this.#answeredFrom >= GAPS_MIN && 2 * this.#answeredFrom > answered.length) {
      this.#answered = answered.slice(this.#answeredFrom);
      this.#answeredFrom = 0;
    }
    return doubt;
  }
}

/** Below this the list of answers is not worth making anew. */
const GAPS_MIN = 64;

/** The gateway has its answer. */
function isRead({ session, answer }: Doubt): boolean {
  return session !== undefined && answer > 0 && answer <= session.readUpTo;
}

/** The write that remembers a delivery over a restart. */
export function seenChange(key: string, fingerprint: string, wall: EpochMs): Change {
  return { table: 'seen', key, value: fingerprint, keepUntil: wall + KEEP_MS };
}

/** The write that forgets it. */
export function seenGone(key: string): Change {
  return { table: 'seen', key };
}

/** A digest of all that a deliver_sm says, its sequence number apart. */
export function fingerprintOf(delivery: Delivery): string {
  const { octets, from, to, dataCoding, kind, hasUserDataHeader, receiptedMessageId, messageState } =
    delivery;
  const { sar } = delivery;
  const fields: unknown[] = [from, to, dataCoding, kind, hasUserDataHeader, receiptedMessageId, messageState];
  if (sar !== undefined) fields.push(sar.reference, sar.total, sar.sequence);
  const content = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1');
  return sha256(JSON.stringify(fields) + content).slice(0, FINGERPRINT_LENGTH);
}

/** In one call where Node has it (from 20.12 on): a third of the time, and nothing left for the collector. */
function sha256(text: string): string {
  if ('hash' in crypto) return crypto.hash('sha256', text, 'base64url');
  return createHash('sha256').update(text).digest('base64url');
}
