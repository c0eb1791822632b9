/**
 * Everything that happened in one run, as the world saw it: what the checks are made on.
 *
 * Nothing is concluded here. Instants are virtual and monotonic unless they say `wall`.
 */
import type { EpochMs, Millis } from '../../lib/clock.js';
import type { DeliveryReceipt, InboundSms, OutboundSms, SubmitResult } from '../../lib/message.js';
import type { Bounds } from '../../lib/bounds.js';
import type { Fault } from './faults.js';
import type { PartMix } from './message-octets.js';
import type { EventKind, ListenerPlan } from './plan-flow.js';
import type { Poison } from './poison.js';
import type { Situation } from './situations.js';

/** One submit_sm as the host read it. */
export interface SubmitSeen {
  /** When the client wrote it. */
  readonly sentAt: Millis;
  readonly sentWall: EpochMs;
  readonly sessionId: number;
  readonly host: number;
  readonly run: number;
  readonly reference: number | undefined;
  readonly sequence: number;
  readonly total: number;
  /** When the answer leaves the host; Infinity: never. */
  answerDueAt: Millis;
  /** Of the answer that the host decided on, whether or not it ever arrived. */
  readonly status: number;
  readonly messageId: string;
  /** When the answer reached the client. */
  answeredAt: Millis | undefined;
}

/** The gateway took the whole SMS: it charges for it and sends it. */
export interface Acceptance {
  readonly at: Millis;
  readonly messageIds: readonly string[];
}

/** How a listener takes an event. */
export interface Taking {
  /** When it said that it had; undefined as long as it has not. */
  doneAt: Millis | undefined;
  /** When it said that it could not. */
  failedAt: Millis | undefined;
}

/** An event as it was handed to one listener. */
export interface Handing {
  readonly at: Millis;
  readonly run: number;
  readonly listener: number;
  readonly taking: Taking;
}

export interface ListenerSeen {
  readonly number: number;
  readonly plan: ListenerPlan;
  /** When it was there; until Infinity: until its run ended. */
  readonly stays: { readonly run: number; readonly from: Millis; until: Millis }[];
}

export interface ResultSeen extends Handing {
  readonly result: SubmitResult;
}

/** One SMS that the workload asked for. */
export interface SmsRecord {
  readonly number: number;
  readonly sms: OutboundSms;
  /** How the gateway always answers it; undefined: as all others. */
  readonly poison: Poison | undefined;
  /** Asked for with `enqueue`, or with `send`. */
  readonly wants: 'id' | 'result';
  readonly askedAt: Millis;
  readonly askedWall: EpochMs;
  readonly askedRun: number;
  /**
   * `asked` no answer yet, or the process died before it · `taken` safe, by the client's word · `refused` not taken
   * in · `stopped` the gateway was stopped before it was settled.
   */
  state: 'asked' | 'taken' | 'refused' | 'stopped';
  takenAt: Millis;
  id: string | undefined;
  /** Its own, also when it is that of an earlier SMS with its dedupe key that was told. */
  newId: string | undefined;
  /** When the client said that it did not take it in, and with which code. */
  refused: { readonly at: Millis; readonly code: unknown } | undefined;
  /** When the client said that it is cancelled. */
  cancelledAt: Millis | undefined;
  /** What `send` resolved with. */
  answer: SubmitResult | undefined;
  readonly submits: SubmitSeen[];
  readonly acceptances: Acceptance[];
  /** What `onSettled` told. */
  readonly results: ResultSeen[];
  /** What `send` told first, unless it is the result of another SMS with the same dedupe key. */
  sent: ResultSeen | undefined;
}

/** One deliver_sm that the gateway has for the client; sent until it is answered. */
export interface DeliveryRecord {
  readonly number: number;
  /** `foreign` a receipt for an SMS that is not ours. */
  readonly kind: 'receipt' | 'foreign' | 'sms';
  /** Id in a receipt, text of a part of an incoming SMS. */
  readonly says: string;
  readonly state: string;
  /** All that a receipt says. */
  readonly text: string;
  /** Of a receipt: whose it is, and when that was submitted, as it says, in virtual time. */
  readonly phone: string;
  readonly submittedAt: Millis;
  firstSentAt: Millis | undefined;
  /** Each time that a host sent it. */
  readonly sendings: Sending[];
  /** When the host had ESME_ROK for it. */
  keptAt: Millis | undefined;
}

/** One time that a host sent a deliver_sm. */
export interface Sending {
  readonly at: Millis;
  readonly session: SessionSeen;
  /** When the client read it. */
  arrival: Arrival | undefined;
  /** As the host read it. */
  answer: Answered | undefined;
}

export interface Arrival {
  readonly at: Millis;
  readonly wall: EpochMs;
  /** Among all that arrived in this run of the world. */
  readonly order: number;
}

export interface Answered {
  readonly at: Millis;
  readonly status: number;
  /** The how manieth PDU of its session it was, of those that the host read. */
  readonly pdu: number;
}

/** One session, as far as it tells what both sides can know of each other. */
export interface SessionSeen {
  readonly number: number;
  readonly run: number;
  /** The host had a bind that it accepted. */
  boundAt: Millis | undefined;
  /** The client knew that it was. */
  heardBoundAt: Millis | undefined;
  isReceiver: boolean;
  /** When its end was known to the client. */
  readonly closedAt: () => Millis | undefined;
  /** When the client went on reading, after it had stopped. */
  readonly resumedAt: () => Millis;
  /** Answers to what the client asked, as they reached it: to the how manieth PDU of the session. */
  readonly proofs: { readonly pdu: number; readonly at: Millis }[];
  /** When the client wrote the oldest answer that no request of its has followed. */
  unfollowedSince: Millis | undefined;
  /** When its last enquire_link was written, and when the answer reached it. */
  enquiredAt: Millis;
  enquiryAnsweredAt: Millis;
}

/** An SMS from a phone. */
export interface IncomingRecord {
  /** Those that say the same have the same content. */
  readonly content: number;
  readonly phone: string;
  readonly texts: readonly string[];
  /** Part that never comes. */
  readonly missing: number | undefined;
  readonly mix: PartMix;
  readonly deliveries: DeliveryRecord[];
}

/** An SMS as it was handed to a listener. */
export interface EmittedSms extends Handing {
  readonly content: number;
  readonly sms: InboundSms;
  /** Its text, and what it has of octets that are none. */
  readonly says: string;
}

export interface ReceiptSeen extends Handing {
  /** `overdue` the one that says that none came. */
  readonly scope: 'message' | 'segment' | 'overdue';
  readonly receipt: DeliveryReceipt;
}

export interface BindSeen {
  readonly at: Millis;
  readonly run: number;
  readonly host: number;
  readonly status: number | 'none';
}

/** One life of the client process, or of its engine between a start and a stop. */
export interface RunSeen {
  readonly number: number;
  readonly startedAt: Millis;
  stoppingAt: Millis | undefined;
  endedAt: Millis | undefined;
  end: 'crash' | 'stop' | undefined;
}

/** The first that a listener heard, and took, of the end of an SMS. */
export function toldOf({ results, sent }: SmsRecord): ResultSeen | undefined {
  const first = results.find(({ taking: { failedAt } }) => failedAt === undefined);
  return sent !== undefined && sent.at < (first?.at ?? Infinity) ? sent : first;
}

/** Nobody schedules an SMS further ahead in a run. */
const SCHEDULED_MAX_MS: Millis = 200_000;

export class Ledger {
  readonly #letGo: readonly EventKind[];
  readonly #owners = new Map<string, Set<SmsRecord>>();
  readonly sms: SmsRecord[] = [];
  /** Those of `sms` that are alarms. */
  readonly alarms: SmsRecord[] = [];
  /** Lists that were to be taken in as a whole. */
  readonly wholes: (readonly SmsRecord[])[] = [];
  readonly deliveries: DeliveryRecord[] = [];
  readonly incoming: IncomingRecord[] = [];
  /** In their order. */
  readonly emitted: EmittedSms[] = [];
  readonly sessions: SessionSeen[] = [];
  readonly listeners: ListenerSeen[] = [];
  /** What went wrong, in its order. */
  readonly faults: { readonly at: Millis; readonly kind: Fault['kind'] }[] = [];
  readonly receipts: ReceiptSeen[] = [];
  readonly binds: BindSeen[] = [];
  readonly runs: RunSeen[] = [];
  /** The wall clock at the end of all waiting. */
  restWall: EpochMs = 0;
  /** Instants at which the wall clock was set. */
  readonly clockSetAt: Millis[] = [];
  /** Answers other than ESME_ROK, as they reached the client. */
  readonly refusals: { readonly at: Millis; readonly status: number; readonly sms: SmsRecord }[] = [];
  /** When each submit_sm was written, of all SMS, in the order in which hosts read them. */
  readonly submittedAt: Millis[] = [];
  /** Sessions that a host closed because it heard nothing. */
  idle = 0;
  /** Until then the disk was full, or failed. */
  diskTroubledUntil: Millis = 0;
  /** When the event loop was kept busy. */
  readonly stalls: { readonly from: Millis; readonly until: Millis }[] = [];
  readonly situations = new Set<Situation>();
  /** Bounds that were met. */
  readonly reached = new Set<keyof Bounds>();
  /** Records of these could not be read any more. */
  readonly rotten = new Set<'result' | 'event'>();
  /** What was found wrong while the run went on. */
  readonly violations: string[] = [];

  /** @param letGo what nobody listened to for an hour */
  constructor(letGo: readonly EventKind[] = []) {
    this.#letGo = letGo;
  }

  /** Events of this kind were given up: for want of room, or of somebody who takes them, or as their octets went bad. */
  hasGivenUp(kind: EventKind): boolean {
    if (this.rotten.has(kind === 'settled' ? 'result' : 'event')) return true;
    return this.reached.has('heldEvents') || this.#letGo.includes(kind);
  }

  saw(situation: Situation): void {
    this.situations.add(situation);
  }

  violated(what: string): void {
    this.violations.push(what);
  }

  /** The gateway gave an SMS this id. Returns how many have it. */
  noteOwner(messageId: string, sms: SmsRecord): number {
    const folded = messageId.toLowerCase();
    const owners = this.#owners.get(folded) ?? new Set();
    this.#owners.set(folded, owners.add(sms));
    return owners.size;
  }

  /** The SMS that have an id, in whichever letter case. */
  ownersOf(messageId: string): readonly SmsRecord[] {
    return [...(this.#owners.get(messageId.toLowerCase()) ?? [])];
  }

  /** How long the event loop was kept busy after `from`. */
  stalledMs(from: Millis): Millis {
    return this.stalls.reduce((sum, stall) => sum + Math.max(0, stall.until - Math.max(from, stall.from)), 0);
  }

  /** More SMS were tracked than there was room for: the receipts of some come unmatched. */
  get hasForgotten(): boolean {
    return (['trackedSms', 'trackedOctets', 'copyIds', 'sameIdSms'] as const).some((bound) =>
      this.reached.has(bound),
    );
  }

  get hasClockBeenSet(): boolean {
    return this.clockSetAt.length > 0;
  }

  get diskFailed(): boolean {
    return this.situations.has('disk full') || this.situations.has('disk error');
  }

  /** The SMS that stands for this one: another, when both have the same id by their dedupe key. */
  ownerOf(sms: SmsRecord): SmsRecord {
    if (sms.id === undefined) return sms;
    const owner = this.sms.find((other) => (toldOf(other)?.result.id ?? other.id) === sms.id) ?? sms;
    const { dedupeKey } = sms.sms;
    if (owner !== sms || dedupeKey === undefined || sms.submits.length > 0 || toldOf(sms) !== undefined)
      return owner;
    // One that the process died over as it was taken in, and that has no result yet to tell its id.
    const isNameless = (other: SmsRecord): boolean => other.id === undefined && toldOf(other) === undefined;
    return this.sms.find((other) => other.sms.dedupeKey === dedupeKey && isNameless(other)) ?? sms;
  }

  /** It was taken in, or `send` has not said otherwise, and its result is due by now. */
  isAwaited(sms: SmsRecord): boolean {
    const owner = this.ownerOf(sms);
    if (toldOf(owner) !== undefined) return false;
    if (this.#isFarAhead(owner)) return false;
    const { dedupeKey } = sms.sms;
    const isNamesake = (other: SmsRecord): boolean =>
      other.sms.dedupeKey === dedupeKey && this.#isFarAhead(other);
    if (dedupeKey !== undefined && this.sms.some(isNamesake)) return false;
    return sms.state === 'taken' || (sms.state === 'asked' && this.runs[sms.askedRun]?.end === undefined);
  }

  /** The clock was ahead of its time as somebody chose the instant: that one is not waited for. */
  #isFarAhead({ sms: { sendAt = 0 } }: SmsRecord): boolean {
    return Number(sendAt) > this.restWall + SCHEDULED_MAX_MS;
  }

  crashedBetween(from: Millis, until: Millis): boolean {
    return this.runs.some(
      ({ end, endedAt = Infinity }) => end === 'crash' && endedAt >= from && endedAt <= until,
    );
  }
}
