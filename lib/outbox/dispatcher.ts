/**
 * Moves what is due from the queue onto the links, as far as windows and pace allow.
 *
 *   queued ─▶ marked as under way in storage ─▶ submitted, when a link has room
 *
 * After a crash every SMS whose octets may have left is known. So that the wire never waits for the disk, as many
 * are marked ahead as the windows hold; and what finds the line free is marked in the write that takes it in. With
 * no link there is no mark. What became possible in one turn of the event loop is one write to storage and one to
 * the socket.
 */
import { Alarm } from '../alarm.js';
import type { Bounds } from '../bounds.js';
import type { Clock, Millis } from '../clock.js';
import type { LateAnswer, Link } from '../link.js';
import type { Priority, Segment } from '../message.js';
import type { Change, Storage } from '../storage/storage.js';
import { Batch, type HostStanding, type OpenLink } from './batch.js';
import type { Progress } from './entry.js';
import { isHigher, OTHERS_PER_REFUSED } from './lanes.js';
import type { Pace } from './pace.js';
import type { Queue } from './queue.js';
import type { Body, LeavingItem, NewItem, QueueItem, Times } from './queue-item.js';
import type { Loss, ReadBack } from './read-back.js';
import type { References } from './references.js';
import { mark } from './round.js';
import { Submission } from './submission.js';
import type { Probe, SubmitFailures } from './submit-failures.js';

/** Expiry is looked at no more often than this, whatever the number of SMS that expire. */
const EXPIRY_EVERY_MS: Millis = 1_000;
/** A scheduled SMS is looked at again at least this often, so that a clock that jumps is noticed. */
const WALL_CLOCK_EVERY_MS: Millis = 60_000;
/** After storage refused a marker. */
const STORAGE_RETRY_MS: Millis = 1_000;

export interface DispatcherOptions {
  readonly bounds: Pick<Bounds, 'segmentsAhead'>;
  readonly queue: Queue;
  readonly pace: Pace;
  readonly failures: SubmitFailures<QueueItem>;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly readBack: ReadBack;
  /** The progress of an SMS that is about to be submitted once more. */
  readonly nextProgress: (item: NewItem | LeavingItem) => Progress;
  readonly references: References;
  /** Counts its attempts as it leaves. */
  readonly countAnew: (item: LeavingItem) => void;
  readonly segmentsOf: (body: Body) => readonly Segment[];
  readonly isFinal: (status: number) => boolean;
  readonly onSubmitted: (segments: number) => void;
  readonly onConcluded: (submission: Submission) => void;
  /** An answer came that was overdue. */
  readonly onAnsweredLate: (submission: Submission, answer: LateAnswer) => void;
  readonly onSegmentAccepted: (submission: Submission, messageId: string) => void;
  /** Not written after all: back in the queue. */
  readonly onReturned: (item: QueueItem, waitMs: Millis) => void;
  readonly onExpired: (item: QueueItem) => void;
  /** Its body cannot be had any more. */
  readonly onLost: (item: QueueItem, why: Loss) => void;
  readonly onFailure: (error: unknown) => void;
}

/** With fewer places, one that is kept for alarms would be too many for the others. */
const WINDOW_MIN = 4;
/** Mostly an answer comes within tenths of a second. */
const SLOW_ANSWER_MS: Millis = 2_000;
/** What a gateway never answers comes again. */
const SILENCE_MS: Millis = 600_000;

const NOTHING: readonly Change[] = [];

/** A long SMS that goes on over its link. */
interface Begun {
  readonly submission: Submission;
  readonly urgency: Priority;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #links = new Map<number, OpenLink>();
  /** By host; kept beyond its links. */
  readonly #standings = new Map<string, HostStanding>();
  /** Writes of marks under way. */
  readonly #marking = new Set<Promise<void>>();
  /** Segments of the SMS whose marks are being stored with them, and SMS that are stored without. */
  #beingStored = 0;
  #storedUnmarked = 0;
  #phase: 'closed' | 'open' | 'finishing' = 'closed';
  /** Resolves what waits for the end of `finishing`. */
  #finished: () => void = () => undefined;
  #woken = false;
  /** One for all turns, since each has one. */
  readonly #onTurnEnd = (): void => {
    this.#woken = false;
    if (this.#phase === 'open') this.#round();
    else if (this.#phase === 'finishing') this.#goOn();
  };
  /** How often what was next was for another link. */
  #timesHeldUp = 0;
  /** When another that is full should have had room again. */
  #lookAgainAt: Millis = -Infinity;
  #expiryLookedAt: Millis = -Infinity;
  /** SMS that have begun while some waited whose segment was refused again. */
  #othersBegun = 0;
  /** Marked to try a session with that is on trial. */
  #probe: QueueItem | undefined;
  readonly #alarm: Alarm;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.wake());
  }

  open(): void {
    this.#phase = 'open';
    this.wake();
  }

  close(): void {
    this.#phase = 'closed';
    this.#alarm.clear();
    this.#giveBackReady();
    this.#finished();
  }

  /**
   * Begins nothing more. Resolves when the segments of all that has begun have left, or so long afterwards: the rest of
   * those is lost with their links, and they go again as a whole.
   */
  async finish(forMs: Millis): Promise<void> {
    if (this.#phase === 'closed') return;
    this.#phase = 'finishing';
    this.#giveBackReady();
    if (!this.#isAnyBegun) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(forMs, resolve);
      this.#finished = () => {
        cancel();
        resolve();
      };
      this.wake();
    });
  }

  /** Resolves when nothing is being marked any more: what was marked and not submitted is unmarked again. */
  async atRest(): Promise<void> {
    await Promise.all(this.#marking);
  }

  linkUp(link: Link): void {
    const standing = this.#standings.get(link.host) ?? { isDoubted: false, overdueAt: -Infinity };
    this.#standings.set(link.host, standing);
    this.#links.set(link.id, {
      link,
      window: link.capacity,
      unfinished: new Set(),
      answers: 0,
      silent: undefined,
      standing,
    });
    this.#options.failures.bound(link, this.#options.clock.now());
    this.wake();
  }

  /** The session is over; what was under way on it has been answered or is unanswered by now. */
  linkDown(link: Link): void {
    const open = this.#links.get(link.id);
    if (open === undefined) return;
    this.#links.delete(link.id);
    this.#options.failures.over(link.id, this.#options.clock.now());
    for (const submission of open.unfinished) {
      if (submission.underWay === 0) this.#options.onConcluded(submission.lose());
    }
    this.#giveBackReady();
    this.wake();
  }

  /** Marks those SMS about to be stored that leave at once; returns what has to be stored along with them. */
  markFresh(items: readonly NewItem[]): readonly Change[] {
    const { queue, clock } = this.#options;
    let room = this.#phase === 'open' ? this.#aheadMax(clock.now()) - queue.ahead - this.#beingStored : 0;
    if (this.#storedUnmarked > 0 || this.#isOnTrial) room = 0; // others come first
    const fresh: NewItem[] = [];
    for (const item of items) {
      if (room < 1 || item.sendAt !== undefined || !queue.isFree(item.priority)) continue;
      room -= item.segments;
      this.#beingStored += item.segments;
      fresh.push(item);
    }
    this.#storedUnmarked += items.length - fresh.length;
    return fresh.length === 0 ? NOTHING : this.#marksOf(fresh);
  }

  /**
   * What `markFresh` saw is stored, or is not to be: those that are in the queue by now may leave.
   *
   * @param marks what it gave; none when they are not to be
   */
  stored(items: readonly QueueItem[], marks: readonly Change[]): void {
    this.#options.references.stored(marks);
    for (const { progress, segments } of items) {
      if (progress.underWay) this.#beingStored -= segments;
      else this.#storedUnmarked -= 1;
    }
    this.wake();
    this.#giveBackReady();
  }

  /** Something may have become possible. Many calls in one turn make one round. */
  wake(): void {
    if (this.#woken || this.#phase === 'closed') return;
    this.#woken = true;
    queueMicrotask(this.#onTurnEnd);
  }

  /** Goes on with a long message over its own link, not before `at`. False when that link is gone. */
  resume(submission: Submission, at: Millis): boolean {
    const open = this.#links.get(submission.link.id);
    if (open === undefined || submission.link.capacity === 0) return false;
    submission.resume(at);
    open.unfinished.add(submission);
    if (at > this.#options.clock.now()) this.#options.queue.lastSegmentLeft(submission.item);
    if (this.#phase !== 'closed') this.#alarm.set(at);
    return true;
  }

  /** What is marked goes at once, with the write that is about to be made; all else can wait until after it. */
  ready(): void {
    if (this.#phase === 'closed') return;
    this.#submit(this.#options.clock.now());
    this.wake();
  }

  #round(): void {
    const times = { now: this.#options.clock.now(), wall: this.#options.clock.wall() };
    this.#expire(times.now);
    // Also without a link: what is due already must not set the timer off again and again.
    this.#options.queue.wake(times);
    this.#judge(times.now);
    this.#submit(times.now);
    this.#readAhead();
    this.#markAhead(times);
    this.#arm(times);
  }

  /** What is left to do while it finishes. */
  #goOn(): void {
    const now = this.#options.clock.now();
    this.#submit(now);
    if (this.#isAnyBegun) this.#armForBegun(now);
    else this.#finished();
  }

  get #isAnyBegun(): boolean {
    for (const { unfinished } of this.#links.values()) {
      for (const { hasMore } of unfinished) if (hasMore) return true;
    }
    return false;
  }

  /** Draws the conclusions from ESME_RSUBMITFAIL. */
  #judge(now: Millis): void {
    const { queue, failures } = this.#options;
    const isLineEmpty = (): boolean => {
      return queue.isLineEmpty && this.#beingStored === 0 && this.#storedUnmarked === 0;
    };
    for (const item of failures.takeFreed(now, isLineEmpty)) queue.free(item);
    if (failures.isCalm) return;
    const left = failures.look(now, { isLineEmpty: isLineEmpty(), underWay: (id) => this.#underWay(id) });
    for (const { session, status } of left) this.#links.get(session)?.link.leave(status);
    for (const item of failures.takeFreed(now, isLineEmpty)) queue.free(item);
  }

  #underWay(id: number): number {
    const open = this.#links.get(id);
    return open === undefined ? 0 : open.window - open.link.capacity;
  }

  /** No session takes SMS as they come, and one is on trial. */
  get #isOnTrial(): boolean {
    const { failures } = this.#options;
    if (failures.isCalm || this.#links.size === 0) return false;
    for (const { link } of this.#links.values()) if (failures.isOpen(link.id)) return false;
    return true;
  }

  #submit(now: Millis): void {
    for (let isAgain = true; isAgain;) {
      const before = this.#timesHeldUp;
      let submitted = 0;
      for (const open of this.#inTurn(now)) submitted += this.#fill(open, now);
      // The other link has it by now, and there may be more behind it.
      isAgain = this.#timesHeldUp > before && submitted > 0;
    }
    for (const item of this.#options.queue.takeTooEarly()) this.#giveBack(item, 0);
  }

  /**
   * Segments that may be marked and not under way: what the windows take next, and the pace. One at least, or what
   * is begun would take every segment that the pace allows before what goes first is marked.
   */
  #aheadMax(now: Millis): number {
    return Math.min(this.#windows(), Math.max(1, this.#options.pace.allowance(now)));
  }

  #windows(): number {
    let windows = 0;
    for (const { link, window } of this.#links.values()) {
      windows += this.#options.failures.isOpen(link.id) ? window : 1;
    }
    return Math.min(windows, this.#options.bounds.segmentsAhead);
  }

  /** In halves of what may be ahead, so that records are few. What goes before some that are marked waits for none. */
  #markAhead(times: Times): void {
    const { queue } = this.#options;
    if (this.#links.size === 0) return;
    if (this.#isOnTrial) {
      this.#giveBackReady();
      this.#markProbe(times);
      return;
    }
    const items = queue.takeOvertaking(2 * this.#windows() - queue.ahead, times);
    const limit = this.#aheadMax(times.now);
    const ahead = queue.ahead + this.#beingStored;
    if (ahead <= limit / 2) items.push(...queue.take(limit - ahead, times));
    if (items.length > 0) this.#note(this.#mark(items));
  }

  /** One SMS at a time is tried; all others wait, and are not marked. */
  #markProbe(times: Times): void {
    const { queue, failures, pace } = this.#options;
    const { now } = times;
    if (this.#probe?.state === 'marked' || pace.allowance(now) < 1) return;
    for (const { link } of this.#links.values()) {
      if (link.capacity === 0) continue;
      const probe = failures.probe(link.id, now, (since) => this.#newcomer(since, now) !== undefined);
      if (probe === undefined) continue;
      const item = queue.takeOut(this.#chosen(probe, now), times) ?? queue.take(1, times)[0];
      if (item === undefined) continue;
      this.#probe = item;
      this.#note(this.#mark([item]));
      return;
    }
  }

  #chosen(probe: Probe, now: Millis): QueueItem | undefined {
    if (probe === 'first') return undefined;
    return probe === 'new' ? this.#newcomer(-Infinity, now) : this.#options.queue.near(probe, now);
  }

  /** An SMS that was never refused: an alarm, or one that came in since. */
  #newcomer(since: Millis, now: Millis): QueueItem | undefined {
    const { queue } = this.#options;
    const { first } = queue;
    if (first?.priority === 'alarm' && first.failure === undefined) return first;
    const newest = queue.near(1, now);
    if (newest === undefined || newest.failure !== undefined) return undefined;
    return newest.expiresAt - newest.lifeMs >= since ? newest : undefined;
  }

  #readAhead(): void {
    const { queue, readBack, onLost } = this.#options;
    while (this.#links.size > 0 && readBack.hasRoom) {
      const item = queue.nextUnread();
      if (item === undefined) return;
      readBack.read(item, 'send', (result) => {
        if (typeof result !== 'string') queue.readBack(item, result);
        else if (item.state === 'reading') onLost(item, result);
        this.wake();
      });
    }
  }

  #note(marking: Promise<void>): void {
    const over = marking.catch(this.#options.onFailure).finally(() => this.#marking.delete(over));
    this.#marking.add(over);
  }

  async #mark(items: readonly LeavingItem[]): Promise<void> {
    const { storage, queue, references, onFailure } = this.#options;
    try {
      const marks = this.#marksOf(items);
      await storage.write(marks);
      references.stored(marks);
    } catch (error) {
      onFailure(error);
      for (const item of items) this.#giveBack(item, STORAGE_RETRY_MS);
      return;
    }
    for (const item of items) queue.ready(item);
    this.wake();
    this.#giveBackReady();
  }

  /** Returns how many segments it submitted. */
  #fill(open: OpenLink, now: Millis): number {
    const { queue, pace } = this.#options;
    let left = this.#room(open, now);
    if (left < 1) return 0;
    const kept = this.#keptForAlarms(open, now, left);
    const batch = new Batch(this.#options, open);
    while (left >= 1) {
      const submission = this.#next(open, now, left <= kept);
      if (submission === undefined) break;
      const { item } = submission;
      const isAlarm = kept === 0 || queue.urgencyOf(item) === 'alarm';
      left -= batch.add(submission, isAlarm ? left : left - kept, now);
      if (submission.hasMore) queue.begun(item);
      else if (item.segments > 1) queue.lastSegmentLeft(item);
    }
    pace.take(batch.size, now);
    const { size } = batch;
    batch.submit();
    return size;
  }

  #marksOf(items: readonly (NewItem | LeavingItem)[]): readonly Change[] {
    const { references, nextProgress } = this.#options;
    const marks = mark(items, nextProgress);
    const reserved = items.some(isLong) ? references.reserve() : undefined;
    return reserved === undefined ? marks : [...marks, reserved];
  }

  /**
   * Between two segments of an SMS only those of a higher priority go (contract section 4).
   *
   * @param isForAlarm only an alarm may take the place
   */
  #next(open: OpenLink, now: Millis, isForAlarm: boolean): Submission | undefined {
    const begun = this.#begun(open, now);
    const isKept = isForAlarm && begun?.urgency !== 'alarm';
    const above = isKept ? 'normal' : begun?.urgency;
    const item = this.#mayBegin(open, now) ? this.#options.queue.next(now, above) : undefined;
    if (item !== undefined) {
      if (begun !== undefined) this.#othersBegun += 1;
      return this.#begin(item, open, now);
    }
    return isKept || begun === undefined ? undefined : this.#goingOn(begun);
  }

  #goingOn({ submission }: Begun): Submission {
    if (isRefusedAgain(submission.item)) this.#othersBegun = 0;
    return submission;
  }

  #begin(item: LeavingItem, { link }: OpenLink, now: Millis): Submission {
    const { failures, segmentsOf, countAnew } = this.#options;
    if (item.failure !== undefined) countAnew(item);
    const submission = new Submission(item, link, segmentsOf(item.body), now);
    if (!failures.isCalm) failures.submitted(link.id, submission.number, now);
    return submission;
  }

  /** Whether the SMS that is next may go over this link. */
  #mayBegin(open: OpenLink, now: Millis): boolean {
    const { queue, failures } = this.#options;
    if (this.#phase !== 'open') return false;
    if (this.#links.size > 1 && this.#isForAnother(open, now)) return false;
    if (failures.isCalm) return true;
    return failures.mayBegin(open.link.id, now) && (!this.#isOnTrial || queue.nextReady === this.#probe);
  }

  /** What goes on before all that has not begun; one that was refused half-way and resumed comes after the others. */
  #begun({ unfinished }: OpenLink, now: Millis): Begun | undefined {
    if (unfinished.size === 0) return undefined; // as nearly always: without an iterator
    let first: Begun | undefined;
    for (const submission of unfinished) {
      if (!submission.hasNext(now)) continue;
      const urgency = this.#urgencyOf(submission);
      if (first === undefined || isBefore({ submission, urgency }, first)) first = { submission, urgency };
    }
    return first;
  }

  /** One that was refused again makes way for all others, but for a share: as those in line do, see `lanes.ts`. */
  #urgencyOf({ item }: Submission): Priority {
    if (!isRefusedAgain(item)) return this.#options.queue.urgencyOf(item);
    return this.#othersBegun < OTHERS_PER_REFUSED ? 'bulk' : 'normal';
  }

  /**
   * What is next was refused at this host or left unanswered, or is an alarm and the host is doubted; and another has room
   * for it, or takes what it gets and has room soon.
   */
  #isForAnother({ link: { host }, standing }: OpenLink, now: Millis): boolean {
    const next = this.#options.queue.nextReady;
    if (next === undefined) return false;
    const isShunned = next.shunned === host;
    const isAlarmInDoubt = standing.isDoubted && next.priority === 'alarm' && next.shunned === undefined;
    if (!isShunned && !isAlarmInDoubt) return false;
    for (const other of this.#elsewhere(host)) {
      if ((isAlarmInDoubt && other.standing.isDoubted) || !this.#hasRoomFor(next, other, now)) continue;
      this.#timesHeldUp += 1;
      return true;
    }
    return false;
  }

  /** Now, or soon: it takes what it gets. */
  #hasRoomFor({ priority }: QueueItem, open: OpenLink, now: Millis): boolean {
    const places = this.#places(open, now);
    if (places > (priority === 'alarm' ? 0 : this.#keptForAlarms(open, now, places))) return true;
    return open.link.capacity === 0 && this.#isSound(open, now);
  }

  /** It takes what it gets, and has room or will soon; looked at again when it should have had. */
  #isSound({ link, standing }: OpenLink, now: Millis): boolean {
    if (standing.isDoubted) return false;
    if (link.capacity > 0) return true;
    if (now - (link.oldestSentAt ?? -Infinity) >= SLOW_ANSWER_MS) return false;
    this.#lookAgainAt = now + SLOW_ANSWER_MS;
    return true;
  }

  /** The links to other hosts that take SMS as they come. */
  *#elsewhere(host: string): Iterable<OpenLink> {
    for (const other of this.#links.values()) {
      if (other.link.host !== host && this.#options.failures.isOpen(other.link.id)) yield other;
    }
  }

  /** Segments that a link may take now. Of one in doubt one at a time, to see whether it does, as long as others take what comes. */
  #places({ link, window, standing }: OpenLink, now: Millis): number {
    const { capacity, host } = link;
    if (!standing.isDoubted || this.#options.queue.nextReady === undefined) return capacity;
    for (const other of this.#elsewhere(host)) if (this.#isSound(other, now)) return capacity - window + 1;
    return capacity;
  }

  /** With nothing to submit it to: it may be long until there is, and after a crash it would seem to have left. */
  #giveBackReady(): void {
    const { queue } = this.#options;
    const hasLink = this.#phase === 'open' && this.#links.size > 0;
    if (hasLink && !this.#isOnTrial) return;
    for (const item of queue.takeReady()) {
      if (hasLink && item === this.#probe) queue.ready(item);
      else this.#giveBack(item, 0);
    }
  }

  /** It was not submitted: nothing has happened to it. */
  #giveBack(item: QueueItem, waitMs: Millis): void {
    if (item.state !== 'marked') return;
    item.progress = item.unmarked;
    this.#options.onReturned(item, waitMs);
  }

  #room(open: OpenLink, now: Millis): number {
    return Math.min(this.#places(open, now), this.#options.pace.allowance(now));
  }

  /**
   * Of so many places of a window, those that alarms alone take: the last one, while some SMS may be ones that are never
   * answered. A window full of them would have an alarm wait until they are given up. None on trial: an alarm is the next
   * to be tried, and waits for the answer to the one that is marked for it.
   */
  #keptForAlarms(open: OpenLink, now: Millis, places: number): 0 | 1 {
    const { link, window } = open;
    if (window < WINDOW_MIN || link.capacity > places || this.#isOnTrial) return 0;
    const { oldestSentAt = now } = link;
    if (now - oldestSentAt >= SLOW_ANSWER_MS) return 1;
    for (const { overdueAt } of this.#standings.values()) if (now - overdueAt < SILENCE_MS) return 1;
    return 0;
  }

  /**
   * Those with something begun first, or what is new would take what the pace allows over the other; then those whose host
   * takes what it gets, for one that refuses or answers nothing would always be the idle one; then by room.
   */
  #inTurn(now: Millis): OpenLink[] {
    const links = [...this.#links.values()];
    if (links.length < 2) return links;
    return links.sort((left, right) => {
      const [one, other] = [this.#begun(left, now), this.#begun(right, now)];
      if (one !== undefined && other !== undefined) return isBefore(one, other) ? -1 : 1;
      if (one !== undefined || other !== undefined) return one === undefined ? 1 : -1;
      const [isDoubted, isOtherDoubted] = [left.standing.isDoubted, right.standing.isDoubted];
      if (isDoubted !== isOtherDoubted) return isDoubted ? 1 : -1;
      return right.link.capacity - left.link.capacity;
    });
  }

  #expire(now: Millis): void {
    if (now - this.#expiryLookedAt < EXPIRY_EVERY_MS) return;
    this.#expiryLookedAt = now;
    for (const item of this.#options.queue.expired(now)) this.#options.onExpired(item);
    for (const { unfinished } of this.#links.values()) {
      for (const submission of unfinished) {
        if (submission.underWay > 0 || !submission.isTooLate(now)) continue;
        unfinished.delete(submission);
        this.#options.onConcluded(submission.lose());
      }
    }
  }

  #arm(times: Times): void {
    const { queue } = this.#options;
    if (queue.size === 0) return;
    this.#alarm.set(Math.max(queue.nextExpiryAt, this.#expiryLookedAt + EXPIRY_EVERY_MS));
    if (queue.nextRetryAt !== undefined) this.#alarm.set(queue.nextRetryAt);
    if (queue.nextSendAt !== undefined) {
      this.#alarm.set(times.now + Math.min(Math.max(0, queue.nextSendAt - times.wall), WALL_CLOCK_EVERY_MS));
    }
    this.#alarm.set(this.#options.failures.nextAt(times.now));
    if (this.#lookAgainAt > times.now) this.#alarm.set(this.#lookAgainAt);
    this.#armForBegun(times.now);
  }

  #armForBegun(now: Millis): void {
    for (const { unfinished } of this.#links.values()) {
      for (const { resumeAt } of unfinished) if (resumeAt > now) this.#alarm.set(resumeAt);
    }
    const paceAt = this.#links.size > 0 ? this.#options.pace.nextAt(now) : undefined;
    if (paceAt !== undefined) this.#alarm.set(paceAt);
  }
}

/** Also for ESME_RSUBMITFAIL: with a segment accepted over the same session that is its own trouble. */
const isRefusedAgain = ({ timesRefused, refusals }: QueueItem): boolean =>
  Math.max(timesRefused, refusals) > 1;
const isLong = ({ segments }: QueueItem): boolean => segments > 1;

function isBefore(one: Begun, other: Begun): boolean {
  if (one.urgency !== other.urgency) return isHigher(one.urgency, other.urgency);
  const [left, right] = [one.submission, other.submission];
  if (left.resumeAt !== right.resumeAt) return left.resumeAt < right.resumeAt;
  return left.item.order < right.item.order;
}
