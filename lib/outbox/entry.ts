/**
 * What the outbox keeps of an SMS between taking it in and settling it.
 *
 * An entry is written once and never changed; what happens to it afterwards is its progress, a small record
 * of its own, so that a marker on the way to the wire does not write the text again.
 */
import type { EpochMs, Millis } from '../clock.js';
import type { LongMessage, OnUncertain, Priority, ReceiptRequest, Substitution } from '../message.js';

/** A checked and normalised SMS, as stored in table `outbox`. JSON. */
export interface OutboxEntry {
  readonly id: string;
  /** Digits, international format. */
  readonly to: string;
  readonly from: string;
  /** After substitution. */
  readonly text: string;
  readonly substituted?: readonly Substitution[];
  readonly encoding: 'gsm7' | 'ucs2';
  readonly flash: boolean;
  readonly longMessage: LongMessage;
  /** Submits that it takes. */
  readonly segments: number;
  readonly receipt: ReceiptRequest;
  readonly priority: Priority;
  readonly queuedAt: EpochMs;
  readonly sendAt?: EpochMs;
  readonly expiresAt: EpochMs;
  /** Absent: the gateway's own. */
  readonly validityMs?: Millis;
  /** Absent: the gateway's own setting when it is needed. */
  readonly onUncertain?: OnUncertain;
  readonly dedupeKey?: string;
  readonly dedupeMs?: number;
  readonly correlation?: unknown;
}

export interface GatewayRefusal {
  /** The command_status. */
  readonly status: number;
  /** `host:port`. */
  readonly host: string;
}

/** What is known of the submissions of an entry, as stored in table `progress`. JSON. */
export interface Progress {
  /** Submissions begun; those that a restart of the gateway refused are not counted. */
  readonly attempts: number;
  /** Submissions whose outcome nobody knows. */
  readonly unknowns: number;
  /** A segment was submitted again that the gateway may have, or has. */
  readonly possibleDuplicate: boolean;
  /** Written before the octets leave, so that a crash cannot make an unflagged duplicate. */
  readonly underWay: boolean;
  /**
   * The gateway's ids, in order, of the segments that it has of a submission which it did not take whole: of the last that
   * it has told of. From then on each further submission is a possible duplicate.
   */
  readonly half?: readonly string[];
  /** The gateway's last refusal. */
  readonly refused?: GatewayRefusal;
  /** How an earlier submission was refused whose answer came after this one had left; a final refusal before others. */
  readonly refusedLate?: GatewayRefusal;
  /**
   * The gateway's ids of whole submissions that it accepted after they were given up, one a segment. It has left again
   * since, so its outcome is still to come, and is `accepted` in any case.
   */
  readonly copies?: readonly (readonly string[])[];
}

export const NO_PROGRESS: Progress = { attempts: 0, unknowns: 0, possibleDuplicate: false, underWay: false };

/** Of nearly every SMS as it is submitted: one object for all of them. */
export const FIRST_ATTEMPT: Progress = { ...NO_PROGRESS, attempts: 1, underWay: true };
