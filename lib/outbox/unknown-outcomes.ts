/**
 * Submissions of which nobody knows whether the gateway took them, by recipient, and which receipts tell of them.
 *
 * A receipt with an id that no SMS has is that of such a submission, or none of ours. It may be one's own when it came
 * after the submission, and by the gateway's clock, once receipts of answered SMS have told how that stands to ours, its
 * submit date fits. Whose it is can be told when it may be no other's to that phone; and of several that may be each other's
 * when there is one for each segment that lacks one, as then each has its own, and submit dates tell the order. One that is
 * told so is remembered with its submission, so that it explains no other: neither when it comes again, nor with its next
 * state.
 *
 * All of it stays as long as receipts may come, also over a restart: the receipt of an SMS that was sent again, settled,
 * or left by an earlier process may come hours later, and must not be taken for that of a later SMS.
 * Source: contract section 4 (`reconcile`).
 */
import type { Bounds } from '../bounds.js';
import type { Clock, EpochMs, Millis } from '../clock.js';
import { RECEIPT_WAIT_MS } from '../inmobile.js';
import type { Change, Storage } from '../storage/storage.js';
import type { OutboxEntry } from './entry.js';
import type { QueueItem } from './queue-item.js';

/** A receipt whose id no SMS has, as its owner tells it. */
export interface UnknownReceipt {
  readonly messageId: string;
  /** When the first with this id came; of an earlier process, before the start of this one. */
  readonly receivedAt: Millis;
  /** When the gateway took its SMS in, on our clock; undefined when that is not known. */
  readonly submittedAt: Millis | undefined;
}

export interface UnknownOutcome {
  readonly key: string;
  /** Of the SMS, ours. */
  readonly id: string;
  readonly to: string;
  /** When its first octet left, or the last instant at which it can have. */
  readonly submittedAt: Millis;
  /** The first instant at which it can have, where nobody knows when it did: a receipt since then may be its own. */
  readonly since?: Millis;
  /** When its answer was given up. */
  readonly givenUpAt: Millis;
  /** Segments that the gateway may have, by ids that we do not know. */
  left: number;
  /**
   * By segment, as the gateway wrote them: it has those, and no SMS is tracked by them. Empty where it gave none. An earlier
   * version left those out.
   */
  ids: readonly string[];
}

/** Receipts say minutes, and their clock may drift. */
const EARLIER_MS: Millis = 2 * 60_000;

/** If a gateway takes a submit_sm that was given up, then soon. */
const LATER_MS: Millis = 5 * 60_000;

/** As stored in table `unknown`, with `since` where there is one. JSON. */
type StoredOutcome = readonly [...StoredAlways, since?: EpochMs];

type StoredAlways = readonly [
  id: string,
  to: string,
  submittedAt: EpochMs,
  givenUpAt: EpochMs,
  left: number,
  ids: readonly string[],
];

/** Marks our records among the others of that table. */
const KEY_PREFIX = 'sms ';

export interface UnknownOutcomesOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly bounds: Pick<Bounds, 'unknownOutcomes'>;
  /** Receipts for this recipient that belong to no SMS we know. */
  readonly unknownReceipts: (to: string) => readonly UnknownReceipt[];
  /** Some SMS to this recipient is under way, or has just had its answer. */
  readonly isAnyAnswerDue: (to: string) => boolean;
  readonly onFailure: (error: unknown) => void;
}

export class UnknownOutcomes {
  readonly #options: UnknownOutcomesOptions;
  /** The oldest first. */
  readonly #all = new Map<string, UnknownOutcome>();
  readonly #byRecipient = new Map<string, Set<UnknownOutcome>>();
  /** Recipients of which receipts came before all outcomes were known; undefined when they are. */
  #early: Set<string> | undefined = new Set();
  #last = 0;

  constructor(options: UnknownOutcomesOptions) {
    this.#options = options;
  }

  /** Reads what an earlier process knew. */
  async open(): Promise<void> {
    this.#all.clear();
    this.#byRecipient.clear();
    this.#early ??= new Set();
    const { storage, clock } = this.#options;
    const now = clock.now();
    const ago = (wall: EpochMs): Millis => now - Math.max(0, clock.wall() - wall);
    for await (const [key, value] of storage.scan('unknown')) {
      if (!key.startsWith(KEY_PREFIX)) continue;
      this.#last = Math.max(this.#last, Number(key.slice(KEY_PREFIX.length)));
      const [id, to, submittedAt, givenUpAt, left, ids, since] = value as StoredOutcome;
      const known = { key, id, to, submittedAt: ago(submittedAt), givenUpAt: ago(givenUpAt), left, ids };
      this.#put(since === undefined ? known : { ...known, since: ago(since) });
    }
  }

  add(given: Omit<UnknownOutcome, 'key'>): UnknownOutcome {
    const outcome = { ...given, key: `${KEY_PREFIX}${(this.#last += 1)}` };
    this.#put(outcome);
    this.#write([this.#keeping(outcome), ...this.#forgetOld()]);
    return outcome;
  }

  /** An SMS that an earlier process had under way: it left before, and nobody knows when. */
  addRecovered({ id, to, segments: left, receipt, queuedAt, sendAt = queuedAt }: OutboxEntry): void {
    if (receipt === 'never') return;
    const { clock } = this.#options;
    const now = clock.now();
    const since = now - Math.max(0, clock.wall() - Math.max(queuedAt, sendAt));
    this.add({
      id,
      to,
      submittedAt: now,
      since,
      givenUpAt: now,
      left,
      ids: new Array<string>(left).fill(''),
    });
  }

  /** Each SMS that an earlier process had under way is known. Returns the recipients of which receipts came before. */
  allRecovered(): Iterable<string> {
    const early = this.#early ?? NO_RECIPIENTS;
    this.#early = undefined;
    return early;
  }

  /** When the last submission of an SMS was given up. */
  givenUpAt(id: string, to: string): Millis | undefined {
    let last: Millis | undefined;
    for (const outcome of this.#byRecipient.get(to) ?? []) {
      if (outcome.id === id) last = Math.max(last ?? -Infinity, outcome.givenUpAt);
    }
    return last;
  }

  /**
   * An answer to one of its segments came after all, or its receipt.
   *
   * @param accepted undefined when it was refused; without a segment where nobody knows which it is
   */
  answered(
    outcome: UnknownOutcome,
    accepted: { readonly messageId: string; readonly segment?: number } | undefined,
  ): void {
    const isNew = accepted === undefined || !hasId(outcome, accepted.messageId);
    if (isNew) outcome.left = Math.max(0, outcome.left - 1);
    if (accepted !== undefined) outcome.ids = withId(outcome.ids, accepted.messageId, accepted.segment);
    if (outcome.left === 0 && outcome.ids.every((id) => id === '')) this.over(outcome);
    else if (this.#all.get(outcome.key) === outcome) this.#write([this.#keeping(outcome)]);
  }

  /** Its receipts are matched by their ids. */
  over(outcome: UnknownOutcome): void {
    if (this.#remove(outcome)) this.#write([{ table: 'unknown', key: outcome.key }]);
  }

  /**
   * Tells whose the receipts for this recipient are that no SMS has, as far as that is certain. Nothing is while an answer
   * is due to an SMS to the same recipient, or one is not recovered yet: they may be its own.
   */
  explain(to: string): void {
    if (this.#early !== undefined) {
      this.#early.add(to);
      return;
    }
    const outcomes = this.#byRecipient.get(to);
    if (outcomes === undefined) return;
    let receipts = distinct(this.#options.unknownReceipts(to));
    for (let before = Infinity; receipts.length < before;) {
      before = receipts.length;
      receipts = receipts.filter(({ messageId }) => !isOne(outcomes, messageId));
      if (receipts.length === 0 || this.#options.isAnyAnswerDue(to)) return;
      for (const [receipt, outcome] of tellOwners([...outcomes], receipts)) this.answered(outcome, receipt);
    }
  }

  /** Ids of segments of an SMS that the gateway has, of each of its submissions that were not accepted in time. */
  idsOf(id: string, to: string): readonly (readonly string[])[] {
    return [...(this.#byRecipient.get(to) ?? [])].flatMap((outcome) =>
      outcome.id === id ? [outcome.ids.filter((messageId) => messageId !== '')] : [],
    );
  }

  /** Those of each of its submissions of which nothing is unknown any more: the gateway has all of that. */
  wholesOf(id: string, to: string, segments: number): string[][] {
    return [...(this.#byRecipient.get(to) ?? [])].flatMap((outcome) =>
      outcome.id === id && isWhole(outcome, segments) ? [[...outcome.ids]] : [],
    );
  }

  /** An SMS is accepted with the ids that were explained as its own. */
  tracked(id: string, to: string): void {
    for (const outcome of [...(this.#byRecipient.get(to) ?? [])]) {
      if (outcome.id === id && outcome.left === 0) this.over(outcome);
    }
  }

  #put(outcome: UnknownOutcome): void {
    this.#all.set(outcome.key, outcome);
    const others = this.#byRecipient.get(outcome.to);
    if (others === undefined) this.#byRecipient.set(outcome.to, new Set([outcome]));
    else others.add(outcome);
  }

  #remove(outcome: UnknownOutcome): boolean {
    if (this.#all.get(outcome.key) !== outcome) return false;
    this.#all.delete(outcome.key);
    const others = this.#byRecipient.get(outcome.to);
    if (others?.delete(outcome) && others.size === 0) this.#byRecipient.delete(outcome.to);
    return true;
  }

  /** Those whose receipts come no more, and the oldest when they are too many. */
  #forgetOld(): readonly Change[] {
    const { clock, bounds } = this.#options;
    const over: Change[] = [];
    for (const outcome of this.#all.values()) {
      const isOld = outcome.submittedAt + RECEIPT_WAIT_MS < clock.now();
      if (!isOld && this.#all.size <= bounds.unknownOutcomes) break;
      this.#remove(outcome);
      over.push({ table: 'unknown', key: outcome.key });
    }
    return over;
  }

  #keeping({ key, id, to, submittedAt, since, givenUpAt, left, ids }: UnknownOutcome): Change {
    const { clock } = this.#options;
    const wallOf = (instant: Millis): EpochMs => Math.round(clock.wall() + instant - clock.now());
    const known: StoredAlways = [id, to, wallOf(submittedAt), wallOf(givenUpAt), left, ids];
    const value: StoredOutcome = since === undefined ? known : [...known, wallOf(since)];
    return { table: 'unknown', key, value, keepUntil: wallOf(submittedAt) + RECEIPT_WAIT_MS };
  }

  #write(changes: readonly Change[]): void {
    this.#options.storage.write(changes).catch(this.#options.onFailure);
  }
}

const NO_RECIPIENTS: readonly string[] = [];

function hasId({ ids }: UnknownOutcome, messageId: string): boolean {
  const id = messageId.toLowerCase();
  return ids.some((other) => other.toLowerCase() === id);
}

function isOne(outcomes: ReadonlySet<UnknownOutcome>, messageId: string): boolean {
  for (const outcome of outcomes) if (hasId(outcome, messageId)) return true;
  return false;
}

/** The gateway has all of it. */
function isWhole({ left, ids }: UnknownOutcome, segments: number): boolean {
  return left === 0 && ids.length === segments && !ids.includes('');
}

/** In the place of its segment; of one that is not known, in the first that is free. */
function withId(ids: readonly string[], messageId: string, segment?: number): readonly string[] {
  const folded = messageId.toLowerCase();
  const known = ids.findIndex((id) => id.toLowerCase() === folded);
  if (known >= 0 && segment === undefined) return ids;
  const free = known >= 0 ? known : ids.indexOf('');
  const place = segment ?? free;
  const moved = [...ids];
  if (place < 0 || free < 0) moved.push(messageId);
  else {
    moved[free] = moved[place] ?? ''; // a receipt's, which may be that of any
    moved[place] = messageId;
  }
  return moved;
}

/** The first of each id, in the order in which the gateway took their SMS. */
function distinct(receipts: readonly UnknownReceipt[]): readonly UnknownReceipt[] {
  const byId = new Map<string, UnknownReceipt>();
  for (const receipt of receipts) {
    const id = receipt.messageId.toLowerCase();
    if (!byId.has(id)) byId.set(id, receipt);
  }
  const takenAt = ({ submittedAt, receivedAt }: UnknownReceipt): Millis => submittedAt ?? receivedAt;
  return [...byId.values()].sort(
    (one, other) => takenAt(one) - takenAt(other) || one.receivedAt - other.receivedAt,
  );
}

type Owners = readonly (readonly [UnknownReceipt, UnknownOutcome])[];

/** First of those receipts that may be no other SMS's; if that tells nothing, of all that may be some SMS's. */
function tellOwners(outcomes: readonly UnknownOutcome[], receipts: readonly UnknownReceipt[]): Owners {
  const bySms = new Map<string, UnknownReceipt[]>();
  const owned: UnknownReceipt[] = [];
  for (const receipt of receipts) {
    const owners = new Set(outcomes.filter((each) => mayExplain(each, receipt)).map(({ id }) => id));
    const [owner] = owners;
    if (owner === undefined) continue;
    owned.push(receipt);
    if (owners.size === 1) bySms.set(owner, [...(bySms.get(owner) ?? []), receipt]);
  }
  const own = [...bySms].flatMap(([id, its]) =>
    ownersAmong(
      outcomes.filter((each) => each.id === id),
      its,
    ),
  );
  return own.length > 0 ? own : ownersAmong(outcomes, owned);
}

/**
 * The submission of each receipt, where it is certain that these SMS have what they are told to have. With more receipts
 * than segments that they could be of, some are of none. With as many, each segment has one. With fewer, one SMS alone has
 * them all; when it was sent several times they may be halves of each, unless one is all that a submission lacks.
 */
function ownersAmong(outcomes: readonly UnknownOutcome[], receipts: readonly UnknownReceipt[]): Owners {
  const own = outcomes
    .filter((outcome) => receipts.some((receipt) => mayExplain(outcome, receipt)))
    .sort((one, other) => one.submittedAt - other.submittedAt);
  const lacking = own.reduce((sum, { left }) => sum + left, 0);
  const isOfOneSms = own.every(({ id }) => id === own[0]?.id);
  const isCertain = isOfOneSms && (own.length === 1 || own.every(({ left }) => left === 1));
  if (receipts.length > lacking || (receipts.length < lacking && !isCertain)) return [];
  const given = new Map<UnknownOutcome, number>();
  const owners = receipts.flatMap((receipt) => {
    const owner = own.find((each) => (given.get(each) ?? 0) < each.left && explains(each, receipt));
    if (owner === undefined) return [];
    given.set(owner, (given.get(owner) ?? 0) + 1);
    return [[receipt, owner] as const];
  });
  return owners.length === receipts.length || isCertain ? owners : [];
}

function mayExplain(outcome: UnknownOutcome, receipt: UnknownReceipt): boolean {
  const { since: submittedAt = outcome.submittedAt, left, givenUpAt } = outcome;
  return explains({ left, submittedAt, givenUpAt }, receipt);
}

function explains(
  { left, submittedAt, givenUpAt }: Pick<UnknownOutcome, 'left' | 'submittedAt' | 'givenUpAt'>,
  receipt: UnknownReceipt,
): boolean {
  if (left === 0 || receipt.receivedAt <= submittedAt) return false;
  if (receipt.submittedAt === undefined) return true;
  return receipt.submittedAt >= submittedAt - EARLIER_MS && receipt.submittedAt <= givenUpAt + LATER_MS;
}

const NONE: ReadonlySet<QueueItem> = new Set();

/** SMS of unknown outcome that wait for a receipt, by recipient. No I/O. */
export class Reconciling {
  readonly #byRecipient = new Map<string, Set<QueueItem>>();
  /** Their recipients. */
  readonly #recipients = new Map<QueueItem, string>();

  get size(): number {
    return this.#recipients.size;
  }

  add(item: QueueItem, to: string): void {
    this.#recipients.set(item, to);
    const others = this.#byRecipient.get(to);
    if (others === undefined) this.#byRecipient.set(to, new Set([item]));
    else others.add(item);
  }

  has(item: QueueItem): boolean {
    return this.#recipients.has(item);
  }

  /** Those to a recipient, in the order of adding. */
  to(recipient: string): ReadonlySet<QueueItem> {
    return this.#byRecipient.get(recipient) ?? NONE;
  }

  delete(item: QueueItem): void {
    const to = this.#recipients.get(item);
    if (to === undefined) return;
    this.#recipients.delete(item);
    const others = this.#byRecipient.get(to);
    if (others?.delete(item) && others.size === 0) this.#byRecipient.delete(to);
  }
}
