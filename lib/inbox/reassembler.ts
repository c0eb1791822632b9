/**
 * Joins the parts of incoming long messages. No I/O: storage changes are returned, time is an argument.
 *
 * Parts may come in any order, and mixed with those of other messages; one may never come. A part that is there already
 * is one of another message, for what the gateway delivers once more does not come here (`redelivery-guard.ts`). A
 * message whose wait is over, or that must give way to others, is given up as it is, never dropped.
 * Source: 3GPP 23.040 §9.2.3.24.1; contract section 2 (`complete`).
 */
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import type { Millis } from '../clock.js';
import type { Change } from '../storage/storage.js';
import type { MessagePart, Place, WholeMessage } from './message-part.js';
import { partChange, partGone, partOf, type StoredPart } from './stored-part.js';

/** What a part takes besides its octets: its addresses, its buffer and its places in objects and maps. */
export const PART_OVERHEAD = 700;

/** A message whose end could not be stored ends again after this. */
const RETRY_MS: Millis = 5_000;

interface OpenMessage {
  /** Distinguishes it, and the keys of its records, from another with the same reference. */
  readonly number: number;
  readonly key: string;
  readonly total: number;
  readonly until: Millis;
  /** By sequence. */
  readonly parts: ReadonlyMap<number, MessagePart>;
  readonly heap: number;
}

/** What a part, or the end of a wait, leads to. */
export interface Reassembly {
  readonly changes: readonly Change[];
  /** Messages to hand on: one that is complete now, and those that are given up. */
  readonly messages: readonly WholeMessage[];
  /**
   * To be called when the changes could not be stored: the part never came, and no message ended. False when the part is
   * in a message that another ended meanwhile: it is safe once that is stored; if that fails too, call it again.
   */
  readonly undo: () => boolean;
}

/** What a message by itself leads to. */
export function alone(part: MessagePart): Reassembly {
  return { changes: [], messages: [{ total: 1, parts: [{ ...part, sequence: 1 }] }], undo: () => true };
}

export class Reassembler {
  readonly #waitMs: Millis;
  readonly #openMax: number;
  readonly #heapMax: number;
  readonly #messageMax: number;
  /** By number, the one whose wait ends first first. */
  readonly #open = new Map<number, OpenMessage>();
  /** By key, the numbers of those that have it, the oldest first: a phone may say the same twice. */
  readonly #numbers = new Map<string, readonly number[]>();
  #heap = 0;
  #lastNumber = 0;

  constructor(
    waitMs: Millis,
    bounds: Pick<Bounds, 'openMessages' | 'openPartsOctets' | 'messageOctets'> = DEFAULT_BOUNDS,
  ) {
    this.#waitMs = waitMs;
    this.#openMax = bounds.openMessages;
    this.#heapMax = bounds.openPartsOctets;
    this.#messageMax = bounds.messageOctets;
  }

  /** Messages that wait for a part. */
  get size(): number {
    return this.#open.size;
  }

  /** When the first wait is over. */
  get nextAt(): Millis | undefined {
    for (const message of this.#open.values()) return message.until;
    return undefined;
  }

  /** Adds a part to the oldest message that it may belong to and that lacks it; else another begins with it. */
  add(part: MessagePart, place: Place, now: Millis): Reassembly {
    const { sequence } = place;
    const key = keyOf(part, place);
    const known = this.#openWith(key);
    const mayTake = known.find(({ parts }) => !parts.has(sequence));
    const isFull = mayTake !== undefined && mayTake.heap + heapOf(part) > this.#messageMax;
    const lacking = isFull ? undefined : mayTake;
    // Another text at the same place: the phone uses the reference anew, and the older message stays incomplete.
    const others = mayTake === undefined ? known.filter((message) => !hasSame(message, sequence, part)) : [];
    const ended = isFull ? [mayTake] : others;
    for (const message of ended) this.#remove(message);
    const message = withPart(lacking ?? this.#begin(key, place, now), sequence, part);
    const isComplete = message.parts.size === message.total;
    if (isComplete) {
      this.#remove(message);
      ended.push(message);
    } else {
      this.#put(message);
      ended.push(...this.#makeRoom());
    }
    const keeping = isComplete ? [] : [partChange(message.number, place, part)];
    return {
      changes: [...keeping, ...ended.flatMap(recordsGone)],
      messages: ended.map(wholeOf),
      undo: () => {
        for (const each of ended.splice(0)) this.#reopen(each, each.until);
        return this.#withdraw(message.number, sequence);
      },
    };
  }

  /** Ends the waits that are over, each by itself. */
  expire(now: Millis): readonly Reassembly[] {
    const ended: OpenMessage[] = [];
    for (const message of this.#open.values()) if (message.until <= now) ended.push(message); // one reopened stands last
    for (const message of ended) this.#remove(message);
    return ended.map((message) => ({
      changes: recordsGone(message),
      messages: [wholeOf(message)],
      undo: () => {
        this.#reopen(message, now + RETRY_MS);
        return true;
      },
    }));
  }

  /** Puts back a part that an earlier process kept. Its wait begins anew: the others may be with the gateway. */
  restore(stored: StoredPart, now: Millis): void {
    const { number, place } = stored;
    const part = partOf(stored);
    const fresh = {
      number,
      key: keyOf(part, place),
      total: place.total,
      until: now + this.#waitMs,
      parts: new Map(),
      heap: 0,
    };
    this.#put(withPart(this.#open.get(number) ?? fresh, place.sequence, part));
    this.#lastNumber = Math.max(this.#lastNumber, number);
  }

  #begin(key: string, { total }: Place, now: Millis): OpenMessage {
    this.#lastNumber += 1;
    const parts = new Map<number, MessagePart>();
    return { number: this.#lastNumber, key, total, until: now + this.#waitMs, parts, heap: 0 };
  }

  /** Gives up the messages that have waited longest, until the rest is within the bounds. */
  #makeRoom(): readonly OpenMessage[] {
    const gaveWay: OpenMessage[] = [];
    for (const message of this.#open.values()) {
      if (this.#open.size <= this.#openMax && this.#heap <= this.#heapMax) break;
      this.#remove(message);
      gaveWay.push(message);
    }
    return gaveWay;
  }

  #openWith(key: string): readonly OpenMessage[] {
    return (this.#numbers.get(key) ?? []).flatMap((number) => this.#open.get(number) ?? []);
  }

  #put(message: OpenMessage): void {
    const { number, key } = message;
    const before = this.#open.get(number);
    this.#heap += message.heap - (before?.heap ?? 0);
    this.#open.set(number, message);
    if (before !== undefined) return;
    const numbers = [...(this.#numbers.get(key) ?? []), number];
    this.#numbers.set(
      key,
      numbers.sort((one, other) => one - other),
    );
  }

  #remove({ number, key }: OpenMessage): void {
    this.#heap -= this.#open.get(number)?.heap ?? 0;
    this.#open.delete(number);
    const left = this.#numbers.get(key)?.filter((other) => other !== number) ?? [];
    if (left.length === 0) this.#numbers.delete(key);
    else this.#numbers.set(key, left);
  }

  #reopen(message: OpenMessage, until: Millis): void {
    this.#put({ ...message, until });
  }

  /** False when its message is open no more. */
  #withdraw(number: number, sequence: number): boolean {
    const message = this.#open.get(number);
    const part = message?.parts.get(sequence);
    if (message === undefined || part === undefined) return false;
    const parts = new Map(message.parts);
    parts.delete(sequence);
    if (parts.size === 0) this.#remove(message);
    else this.#put({ ...message, parts, heap: message.heap - heapOf(part) });
    return true;
  }
}

function keyOf({ delivery }: MessagePart, { width, reference, total }: Place): string {
  const { from, to, kind } = delivery;
  return [width, reference, total, kind === 'other' ? 'sms' : kind, from, to].join('\0'); // both come out as an SMS
}

function hasSame({ parts }: OpenMessage, sequence: number, part: MessagePart): boolean {
  const twin = parts.get(sequence);
  return twin?.delivery.dataCoding === part.delivery.dataCoding && Buffer.compare(twin.body, part.body) === 0;
}

function withPart(message: OpenMessage, sequence: number, part: MessagePart): OpenMessage {
  const parts = new Map(message.parts).set(sequence, part);
  return { ...message, parts, heap: message.heap + heapOf(part) };
}

function heapOf({ body }: MessagePart): number {
  return body.length + PART_OVERHEAD;
}

function wholeOf({ parts, total }: OpenMessage): WholeMessage {
  const inOrder = [...parts].sort(([left], [right]) => left - right);
  return { total, parts: inOrder.map(([sequence, part]) => ({ ...part, sequence })) };
}

function recordsGone({ number, parts }: OpenMessage): readonly Change[] {
  return [...parts.keys()].map((sequence) => partGone(number, sequence));
}
