/**
 * Tells a deliver_sm that the gateway sends once more, because our answer got lost with its session, from one
 * that says the same again. No I/O.
 *
 * The same content within ten minutes is a redelivery on a later session, and on any when the first session is over.
 * The same text twice on one session is two messages. With links to both hosts at once a phone that says the same
 * twice within ten minutes, first over the older session, is taken for a redelivery: nothing in a deliver_sm tells
 * the two apart.
 * Source: SMPP 3.4 §4.6 has no identity for a deliver_sm; contract 3.3.
 */
import * as crypto from 'node:crypto';
import { createHash } from 'node:crypto';
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import type { EpochMs, Millis } from '../clock.js';
import type { Delivery } from '../message.js';
import type { Change } from '../storage/storage.js';

/** A gateway that got no answer sends again when the next session is bound, minutes later at the most. */
const REMEMBER_MS: Millis = 10 * 60_000;

/** Of the 256 bits in base64: 132 are enough that no two messages of ten minutes are ever taken for one. */
const FINGERPRINT_LENGTH = 22;

/** What was seen by an earlier process was seen on an earlier session than any of ours. */
const BEFORE_ALL_SESSIONS = -1;

interface Seen {
  readonly sessionId: number;
  readonly at: Millis;
  /** Resolves when its content is safe. */
  readonly kept: Promise<void>;
}

export interface Sighting {
  readonly fingerprint: string;
  readonly sessionId: number;
  readonly at: Millis;
}

export class RedeliveryGuard {
  /** By fingerprint, the oldest first. */
  readonly #seen = new Map<string, Seen>();
  /** Sessions that brought something and are not over. */
  readonly #live = new Set<number>();
  readonly #seenMax: number;
  /** The first of a Map is slow to find among those that were deleted. */
  readonly #sweepEvery: number;
  #noted = 0;

  constructor(bounds: Pick<Bounds, 'seenDeliveries' | 'sweepEvery'> = DEFAULT_BOUNDS) {
    this.#seenMax = bounds.seenDeliveries;
    this.#sweepEvery = bounds.sweepEvery;
  }

  /** The promise that the content is safe, when this delivery is a redelivery. */
  earlier({ fingerprint, sessionId, at }: Sighting): Promise<void> | undefined {
    const seen = this.#seen.get(fingerprint);
    if (seen === undefined || seen.at + REMEMBER_MS < at) return undefined;
    if (seen.sessionId === sessionId) return undefined;
    return seen.sessionId < sessionId || !this.#live.has(seen.sessionId) ? seen.kept : undefined;
  }

  /** What it brought and was not answered comes again on any other session, also on an older one. */
  sessionOver(sessionId: number): void {
    this.#live.delete(sessionId);
  }

  /** Notes a delivery that is being kept. */
  note({ fingerprint, sessionId, at }: Sighting, kept: Promise<void>): void {
    this.#seen.delete(fingerprint);
    this.#seen.set(fingerprint, { sessionId, at, kept });
    if (sessionId !== BEFORE_ALL_SESSIONS) this.#live.add(sessionId);
    this.#noted += 1;
    if (this.#noted % this.#sweepEvery === 0) this.#sweep(at);
  }

  /** It could not be kept: the gateway is asked to send it again. */
  forget(fingerprint: string): void {
    this.#seen.delete(fingerprint);
  }

  /** Notes what an earlier process has seen, `at` on the clock of this one. */
  restore(fingerprint: string, at: Millis): void {
    this.note({ fingerprint, sessionId: BEFORE_ALL_SESSIONS, at }, Promise.resolve());
  }

  #sweep(now: Millis): void {
    for (const [oldest, seen] of this.#seen) {
      if (this.#seen.size <= this.#seenMax && seen.at + REMEMBER_MS >= now) break;
      this.#seen.delete(oldest);
    }
  }
}

/** The write that remembers a sighting over a restart. */
export function seenChange(fingerprint: string, wall: EpochMs): Change {
  return { table: 'seen', key: fingerprint, value: wall, keepUntil: wall + REMEMBER_MS };
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
