/**
 * Whose trouble an ESME_RSUBMITFAIL is: the gateway's, as in a restart, or that of the one SMS that was so answered.
 * ESME_RINVBNDSTS is read in the same way, and an SMS whose octets were misread waits for another session.
 * No I/O; time is an argument.
 *
 *   refused ─▶ suspect ── one submitted after it is accepted ────▶ its own: it waits, longer each time, others pass
 *                │    ── it is alone, and another session refused it ──▶ the same
 *                ├── so is another, and none after them accepted ─▶ the gateway's: the link is left
 *                └── a sign of a restart ─────────────────────────▶ the gateway's
 *
 * Several suspects put their session on trial: one SMS at a time is tried, from elsewhere in the line, so that a block
 * of SMS that no gateway takes is not read as a restart. Trouble puts the next session on trial from its bind on; one SMS
 * is tried at 0, 0.5, 1, 2, 5, 5 s …, and the first acceptance frees all. An SMS that is tried and refused stands aside, so
 * the next is another.
 *
 * Who asks has the queue and the links: it holds a suspect, takes what `takeFreed` gives back into the line, and
 * leaves the links that `look` names.
 * Source: contract section 4 (ESME_RSUBMITFAIL, ESME_RINVBNDSTS); gateway.md (restart).
 */
import type { Millis } from '../clock.js';
import { Heap } from './heap.js';

/** What is known of an SMS that was so answered. */
export interface Failure {
  /** The session over which its octets were misread. */
  misreadBy: number | undefined;
  /** That session accepted one submitted after it: it is not the session. */
  isReadableThere: boolean;
  /** The session that refused it last. */
  session: number;
  /** Two sessions have. */
  isTriedElsewhere: boolean;
  /** Waits of its own since the last sign of a restart; above 0 it is its own. */
  waits: number;
  /** The session that accepted one submitted after it, and so freed it: refused there again, it is its own trouble. */
  freedBy: number | undefined;
  /** Refusals by ESME_RSUBMITFAIL that count as attempts, unless a sign of a restart shows that they were part of one. */
  attemptsAt: Millis[];
  /** Attempts that were the gateway's trouble, and are to be taken off what is counted. */
  excused: number;
}

export interface FailedSms {
  failure: Failure | undefined;
  /** `held` while it stands beside the line. */
  readonly state: string;
}

/** The answer to one submission. */
export interface Refused {
  readonly session: SessionName;
  /** Of the submission: higher than those of all before it. */
  readonly number: number;
  readonly status: number;
  /** ESME_RINVBNDSTS, which is no sign of a restart. */
  readonly isUnbound: boolean;
}

export interface SessionName {
  readonly id: number;
  /** `host:port`. */
  readonly host: string;
}

/** What `look` has to know of the queue and the links. */
export interface View {
  /** Nothing in the queue could be submitted now. */
  readonly isLineEmpty: boolean;
  /** Segments under way over a session. */
  readonly underWay: (session: number) => number;
}

/** Which SMS is tried: the first in line, one that came meanwhile, or the one at this fraction of the queue, 1 the newest. */
export type Probe = 'first' | 'new' | number;

interface Trial {
  /** False while it is only a suspicion. */
  isTrouble: boolean;
  readonly since: Millis;
  /** SMS tried so far, but for new ones. */
  probes: number;
  /** The one under way, by the number of its submission. */
  probe: number | undefined;
  probedAt: Millis;
  isNewProbe: boolean;
  /** Chosen, and not submitted yet. */
  picked: 'new' | 'inTurn' | undefined;
  /** Of a suspicion: one that was tried since it began was refused too. */
  isConfirmed: boolean;
  nextAt: Millis;
  leaveAt: Millis;
}

interface Session<Sms> extends SessionName {
  /** Refused here and not judged, with the numbers of their submissions. */
  readonly suspects: Map<Sms, number>;
  /** Misread here, with the numbers of their submissions: for another session. */
  readonly misread: Map<Sms, number>;
  trial: Trial | undefined;
  isLeft: boolean;
  /** The last refusal. */
  status: number;
}

export interface Left {
  readonly session: number;
  /** The command_status for which it is left. */
  readonly status: number;
}

interface Wait<Sms> {
  readonly at: Millis;
  sms: Sms | undefined;
}

const OWN_FIRST_MS: Millis = 500;
const OWN_MAX_MS: Millis = 30_000;

/** Between two SMS that are tried on a session in trouble. */
const PROBE_WAITS_MS: readonly Millis[] = [500, 1_000, 2_000, 5_000];
/** An answer that is later than this is waited for no longer before another SMS is tried. */
const PROBE_ANSWER_MS: Millis = 1_000;

/** One SMS whose wait is over goes for so many others that are accepted, as long as there are others. */
const CREDIT_EACH = 4;
const CREDIT_MAX = 10 * CREDIT_EACH;

/** Suspects that put a session on trial. */
const PATIENCE = 2;
/** A sign of a restart and a refusal this near to one another belong together (contract section 4). */
const BELONGS_WITHIN_MS: Millis = 60_000;

/** Each trial that shows the gateway at work doubles it, for a while: SMS that are refused come in blocks. */
const PATIENCE_MAX = 1_024;
const PATIENT_MS: Millis = 60_000;

/** A host is left for trouble no more often: sooner, the next login would meet its back-off, and all would wait. */
const LEAVE_AGAIN_MS: Millis = 30_000;
/** For what it misread, with nothing accepted since: sooner at first, then three times as late each time. */
const MISREAD_AGAIN_MS: Millis = 3_000;
/** A session that takes nothing for so long is left for the other host; longer each time. */
const STAY_MIN_MS: Millis = 30_000;
/** And when both hosts have refused all that there is. */
const STAY_MAX_MS: Millis = 600_000;

export class SubmitFailures<Sms extends FailedSms> {
  readonly #sessions = new Map<number, Session<Sms>>();
  /** By host. */
  readonly #leftAt = new Map<string, Millis>();
  #misreadLeftAt: Millis = -Infinity;
  /** A host is left for what it misread no sooner again. */
  #misreadGapMs = MISREAD_AGAIN_MS;
  readonly #waiting = new Map<Sms, Wait<Sms>>();
  readonly #byEnd = new Heap<Wait<Sms>>((wait) => wait.at);
  #freed: Sms[] = [];
  /** The gateway's, until the first acceptance. */
  #isTrouble = false;
  #patience = PATIENCE;
  #patientAt: Millis = -Infinity;
  #signedAt: Millis = -Infinity;
  /** When a session with suspects was over. */
  #unjudgedAt: Millis = -Infinity;
  #stayMs = STAY_MIN_MS;
  #isCalm = true;
  /** SMS that were accepted since one whose wait was over went, as far as they count for the next. */
  #credit = 0;

  /** No session is on trial or has a suspect, and none would be. */
  get isCalm(): boolean {
    return this.#isCalm;
  }

  /** Nothing that is accepted would change anything. */
  get isIdle(): boolean {
    return this.#isCalm && this.#waiting.size === 0;
  }

  bound({ id, host }: SessionName, now: Millis): void {
    for (const session of this.#sessions.values()) this.#giveUp(session);
    const trial = this.#isTrouble ? this.#newTrial(now, true) : undefined;
    this.#sessions.set(id, {
      id,
      host,
      suspects: new Map(),
      misread: new Map(),
      trial,
      isLeft: false,
      status: 0,
    });
    this.#settleDown();
  }

  over(id: number, now: Millis): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    if (session.suspects.size > 0 && !session.isLeft) this.#unjudgedAt = now;
    this.#giveUp(session);
    this.#sessions.delete(id);
    this.#settleDown();
  }

  /** An unbind or a close by the gateway, or ESME_RBINDFAIL. */
  signed(now: Millis): void {
    this.#signedAt = now;
    this.#patience = PATIENCE;
    this.#stayMs = STAY_MIN_MS;
    if (now - this.#unjudgedAt <= BELONGS_WITHIN_MS) this.#isTrouble = true;
    for (const session of this.#sessions.values()) {
      if (session.suspects.size > 0) this.#isTrouble = true;
      this.#free(session);
      session.suspects.clear();
      if (session.trial?.isTrouble === false) session.trial = undefined;
    }
    for (const sms of this.#waiting.keys()) {
      if (sms.failure !== undefined) sms.failure.waits = 0;
      this.#freed.push(sms);
    }
    for (const wait of this.#waiting.values()) wait.sms = undefined;
    this.#waiting.clear();
    this.#settleDown();
  }

  /** An SMS was answered so. Its caller holds it, until `takeFreed` gives it back. */
  refused(sms: Sms, refused: Refused, now: Millis): void {
    const { session: name, number, status, isUnbound } = refused;
    const failure = this.#noted(sms, name.id, isUnbound ? undefined : now);
    const isOwn = failure.waits > 0 || failure.freedBy === name.id || (isUnbound && failure.isTriedElsewhere);
    const session = this.#sessions.get(name.id);
    if (session !== undefined) {
      session.status = status;
      if (session.trial?.probe === number) this.#probeRefused(session.trial, isOwn, now);
    }
    if (isOwn) this.#leaveAlone(sms, now);
    else this.#doubt(sms, session, number, now);
    this.#settleDown();
  }

  /** Whether the octets of an SMS were misread before, and not for the sake of this session. */
  wasMisread({ failure }: Sms, id: number): boolean {
    return failure?.misreadBy !== undefined && (failure.misreadBy !== id || failure.isReadableThere);
  }

  /**
   * The octets of an SMS were misread. Its caller holds it, until `takeFreed` gives it back: for another session, or for
   * this one once that has accepted what was submitted after it.
   */
  misread(sms: Sms, { session: { id }, number, status }: Omit<Refused, 'isUnbound'>): void {
    const failure = this.#failureOf(sms, id);
    failure.session = id;
    failure.misreadBy = id;
    const session = this.#sessions.get(id);
    if (session === undefined || session.isLeft) this.#freed.push(sms);
    else {
      if (!session.misread.has(sms) && this.#isAnotherOpen(session)) this.#freed.push(sms);
      session.misread.set(sms, number);
      session.status = status;
    }
    this.#settleDown();
  }

  /** The gateway accepted an SMS, or a segment of one. */
  accepted(id: number, number: number, now: Millis): void {
    this.#credit = Math.min(this.#credit + 1, CREDIT_MAX);
    if (this.#isCalm) return;
    this.#isTrouble = false;
    this.#stayMs = STAY_MIN_MS;
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    if (session.misread.size > 0) this.#freeReadable(session, number);
    const isJudged =
      session.trial?.isTrouble === true ? this.#freeAll(session, number) : this.#judge(session, number, now);
    if (isJudged && session.trial !== undefined) this.#falseAlarm(session, now);
    this.#settleDown();
  }

  /** It is settled: nothing here refers to it any more. */
  forget(sms: Sms): void {
    if (sms.failure === undefined) return;
    for (const { suspects, misread } of this.#sessions.values()) {
      suspects.delete(sms);
      misread.delete(sms);
    }
    const wait = this.#waiting.get(sms);
    if (wait !== undefined) wait.sms = undefined;
    this.#waiting.delete(sms);
    this.#settleDown();
  }

  /**
   * SMS that may go again. One that is no longer held has gone its way.
   *
   * @param isLineEmpty no other SMS could be submitted now. Else those whose wait is over go in turn with others, or
   *   many of them would leave no room
   */
  takeFreed(now: Millis, isLineEmpty: () => boolean): readonly Sms[] {
    for (let wait = this.#byEnd.peek(); wait !== undefined; wait = this.#byEnd.peek()) {
      if (wait.sms !== undefined) {
        if (wait.at > now) break;
        const hasCredit = this.#credit >= CREDIT_EACH;
        if (!hasCredit && (this.#freed.length > 0 || !isLineEmpty())) break;
        this.#credit = Math.max(0, this.#credit - CREDIT_EACH);
        this.#waiting.delete(wait.sms);
        this.#freed.push(wait.sms);
      }
      this.#byEnd.pop();
    }
    if (this.#freed.length === 0) return NOTHING;
    return this.#freed.splice(0);
  }

  /** Draws the conclusions from what is left to try; returns the sessions to be left, for the other host. */
  look(now: Millis, view: View): readonly Left[] {
    if (this.#isCalm) return NOTHING;
    const left: Left[] = [];
    for (const session of this.#sessions.values()) {
      if (session.isLeft || !this.#isToBeLeft(session, now, view)) continue;
      left.push({ session: session.id, status: session.status });
    }
    this.#settleDown();
    return left;
  }

  /** Whether the next SMS may be submitted over a session. */
  mayBegin(id: number, now: Millis): boolean {
    if (this.#isCalm) return true;
    const trial = this.#sessions.get(id)?.trial;
    if (trial === undefined) return true;
    return isFree(trial, now) && (trial.picked !== undefined || trial.nextAt <= now);
  }

  /** It takes SMS as they come: it is neither on trial nor left. */
  isOpen(id: number): boolean {
    if (this.#isCalm) return true;
    const session = this.#sessions.get(id);
    return session !== undefined && isOpen(session);
  }

  /**
   * Which SMS a session on trial is to be tried with; undefined: none now.
   *
   * @param hasNew whether one came after the trial began: it is always tried at once
   */
  probe(id: number, now: Millis, hasNew: (since: Millis) => boolean): Probe | undefined {
    const trial = this.#sessions.get(id)?.trial;
    if (trial === undefined || !isFree(trial, now)) return undefined;
    if (trial.nextAt > now) {
      if (!hasNew(trial.since)) return undefined;
      trial.picked = 'new';
      return 'new';
    }
    trial.picked = 'inTurn';
    return trial.probes % 2 === 0 ? 'first' : fractionOf((trial.probes + 1) / 2);
  }

  /** An SMS was submitted over a session. */
  submitted(id: number, number: number, now: Millis): void {
    const trial = this.#sessions.get(id)?.trial;
    if (trial === undefined) return;
    trial.isNewProbe = trial.picked === 'new';
    trial.picked = undefined;
    if (!trial.isNewProbe) trial.probes += 1;
    trial.probe = number;
    trial.probedAt = now;
  }

  /** When to look again; Infinity for no reason. */
  nextAt(now: Millis): Millis {
    const endsAt = this.#byEnd.peek()?.at ?? Infinity;
    let next = endsAt > now ? endsAt : Infinity;
    if (this.#isCalm) return next;
    for (const session of this.#sessions.values()) {
      for (const at of this.#instantsOf(session)) if (at > now) next = Math.min(next, at);
    }
    return next;
  }

  #noted(sms: Sms, session: number, at: Millis | undefined): Failure {
    const failure = this.#failureOf(sms, session);
    if (failure.session !== session) failure.isTriedElsewhere = true;
    failure.session = session;
    if (at !== undefined) failure.attemptsAt.push(at);
    return failure;
  }

  *#instantsOf({ trial, misread, host }: Session<Sms>): Iterable<Millis> {
    if (misread.size > 0) yield (this.#leftAt.get(host) ?? -Infinity) + this.#misreadGapMs;
    if (trial === undefined) return;
    yield trial.nextAt;
    if (trial.probe !== undefined) yield trial.probedAt + PROBE_ANSWER_MS;
    yield trial.leaveAt;
  }

  #failureOf(sms: Sms, session: number): Failure {
    return (sms.failure ??= {
      session,
      misreadBy: undefined,
      isReadableThere: false,
      isTriedElsewhere: false,
      waits: 0,
      freedBy: undefined,
      attemptsAt: [],
      excused: 0,
    });
  }

  #probeRefused(trial: Trial, isOwn: boolean, now: Millis): void {
    trial.probe = undefined;
    if (isOwn) {
      trial.nextAt = now; // it says nothing of the gateway
      return;
    }
    trial.isConfirmed = true;
    if (trial.isNewProbe) return;
    if (!trial.isTrouble) trial.nextAt = Infinity;
    else trial.nextAt = now + (PROBE_WAITS_MS[Math.min(trial.probes, PROBE_WAITS_MS.length) - 1] ?? 0);
  }

  #doubt(sms: Sms, session: Session<Sms> | undefined, number: number, now: Millis): void {
    if (session !== undefined && !session.isLeft) {
      this.#suspect(sms, session, number, now);
      return;
    }
    excuse(sms.failure);
    this.#freed.push(sms);
  }

  #suspect(sms: Sms, session: Session<Sms>, number: number, now: Millis): void {
    if (session.trial?.isTrouble) excuse(sms.failure);
    const isAgain = session.suspects.has(sms);
    session.suspects.set(sms, number);
    if (!isAgain && this.#isAnotherOpen(session)) this.#freed.push(sms);
    if (now - this.#patientAt > PATIENT_MS) this.#patience = PATIENCE;
    if (session.trial === undefined && session.suspects.size >= this.#patience)
      session.trial = this.#newTrial(now, false);
  }

  #newTrial(now: Millis, isTrouble: boolean): Trial {
    return {
      isTrouble,
      since: now,
      // A suspicion begins with the newest SMS: it is the least likely to be of one kind with the suspects.
      probes: isTrouble ? 0 : 1,
      probe: undefined,
      probedAt: -Infinity,
      isNewProbe: false,
      picked: undefined,
      isConfirmed: false,
      nextAt: now,
      leaveAt: isTrouble ? now + this.#stayMs : now + PROBE_ANSWER_MS,
    };
  }

  /** The gateway is at work. */
  #falseAlarm(session: Session<Sms>, now: Millis): void {
    session.trial = undefined;
    if (now - this.#signedAt <= BELONGS_WITHIN_MS) return;
    this.#patience = Math.min(2 * this.#patience, PATIENCE_MAX);
    this.#patientAt = now;
  }

  #isToBeLeft(session: Session<Sms>, now: Millis, { isLineEmpty, underWay }: View): boolean {
    const { trial, suspects, misread } = session;
    const isWaitedFor = [...misread.keys()].some(({ state }) => state === 'held');
    if (isWaitedFor && this.#mayLeave(session, now, this.#misreadGapMs))
      return this.#leaveAsMisread(session, now);
    const isQuiet = underWay(session.id) === 0;
    const isAllTried = isQuiet && isLineEmpty && suspects.size > 0;
    if (trial?.isTrouble) return this.#isGivenUp(session, trial, isAllTried, now);
    if (isCertain(trial, isQuiet, now)) return this.#trouble(session, now);
    if (!isAllTried) return false;
    return suspects.size > 1 ? this.#trouble(session, now) : this.#alone(session, now);
  }

  #isGivenUp(session: Session<Sms>, trial: Trial, isAllTried: boolean, now: Millis): boolean {
    if (now >= trial.leaveAt && this.#mayGiveUp(session, trial, now)) return this.#leave(session, now);
    if (!isAllTried) return false;
    this.#free(session); // once more, from the first in line on
    session.suspects.clear();
    return false;
  }

  /** Of a session that takes nothing. Where both hosts have refused all that there is, the other will too. */
  #mayGiveUp({ suspects }: Session<Sms>, { since }: Trial, now: Millis): boolean {
    const isAllTriedElsewhere = [...suspects.keys()].every(({ failure }) => failure?.isTriedElsewhere);
    return !isAllTriedElsewhere || now - since >= STAY_MAX_MS;
  }

  #trouble(session: Session<Sms>, now: Millis): boolean {
    this.#isTrouble = true;
    for (const { failure } of session.suspects.keys()) excuse(failure);
    if (this.#patience === PATIENCE && this.#mayLeave(session, now)) return this.#leave(session, now);
    session.trial = this.#newTrial(now, true);
    session.trial.probes = 1;
    session.trial.nextAt = now + (PROBE_WAITS_MS[0] ?? 0);
    return false;
  }

  #alone(session: Session<Sms>, now: Millis): boolean {
    const [sms] = session.suspects.keys();
    if (sms?.state !== 'held') return false;
    if (sms.failure?.isTriedElsewhere || !this.#mayLeave(session, now)) {
      this.#leaveAlone(sms, now);
      return false;
    }
    return this.#leave(session, now);
  }

  #mayLeave({ host }: Session<Sms>, now: Millis, againMs = LEAVE_AGAIN_MS): boolean {
    return now - (this.#leftAt.get(host) ?? -Infinity) >= againMs;
  }

  #leaveAsMisread(session: Session<Sms>, now: Millis): true {
    const isAgain = now - this.#misreadLeftAt <= LEAVE_AGAIN_MS;
    this.#misreadGapMs = isAgain ? Math.min(3 * this.#misreadGapMs, LEAVE_AGAIN_MS) : MISREAD_AGAIN_MS;
    this.#misreadLeftAt = now;
    return this.#leave(session, now);
  }

  #leave(session: Session<Sms>, now: Millis): true {
    if (session.trial?.isTrouble === true) this.#stayMs = Math.min(2 * this.#stayMs, STAY_MAX_MS);
    session.isLeft = true;
    session.trial = undefined;
    this.#leftAt.set(session.host, now);
    this.#giveUp(session);
    return true;
  }

  /** There is another session for what this one took not, or none. */
  #giveUp(session: Session<Sms>): void {
    this.#free(session);
    for (const sms of session.misread.keys()) if (sms.state === 'held') this.#freed.push(sms);
    session.misread.clear();
  }

  /** The session reads what comes: what it misread before was the SMS. */
  #freeReadable({ misread }: Session<Sms>, number: number): void {
    for (const [sms, submitted] of misread) {
      if (submitted >= number) continue;
      misread.delete(sms);
      if (sms.failure !== undefined) sms.failure.isReadableThere = true;
      if (sms.state === 'held') this.#freed.push(sms);
    }
  }

  #free({ suspects }: Session<Sms>): void {
    for (const sms of suspects.keys()) if (sms.state === 'held') this.#freed.push(sms);
  }

  /** The first acceptance in the gateway's trouble. Whose trouble it was of each, the next answer over this session tells. */
  #freeAll({ id, suspects }: Session<Sms>, number: number): true {
    for (const each of this.#sessions.values()) this.#free(each);
    for (const [{ failure }, submitted] of suspects) {
      if (failure !== undefined && submitted < number) failure.freedBy = id;
    }
    suspects.clear();
    return true;
  }

  /** An acceptance while nothing is known of trouble; returns whether it tells anything of a suspect. */
  #judge({ suspects }: Session<Sms>, number: number, now: Millis): boolean {
    const before = suspects.size;
    for (const [sms, submitted] of suspects) if (submitted <= number) this.#leaveAlone(sms, now);
    return suspects.size < before;
  }

  /** Its own trouble. */
  #leaveAlone(sms: Sms, now: Millis): void {
    for (const { suspects } of this.#sessions.values()) suspects.delete(sms);
    const { failure } = sms;
    if (failure === undefined) return;
    failure.waits += 1;
    if (sms.state !== 'held') return; // it has gone its way already, and is known by the next refusal
    const wait: Wait<Sms> = { at: now + ownWaitMs(failure.waits), sms };
    this.#waiting.set(sms, wait);
    this.#byEnd.push(wait);
  }

  #isAnotherOpen(session: Session<Sms>): boolean {
    for (const other of this.#sessions.values()) {
      if (other !== session && isOpen(other)) return true;
    }
    return false;
  }

  #settleDown(): void {
    this.#isCalm = !this.#isTrouble;
    for (const { suspects, misread, trial } of this.#sessions.values()) {
      if (suspects.size > 0 || misread.size > 0 || trial !== undefined) this.#isCalm = false;
    }
  }
}

const NOTHING: readonly never[] = [];

/** @param waits of its own so far, this one included */
export function ownWaitMs(waits: number): Millis {
  return Math.min(OWN_FIRST_MS * 2 ** (waits - 1), OWN_MAX_MS);
}

/** The last refusal was no attempt. */
function excuse(failure: Failure | undefined): void {
  if (failure?.attemptsAt.pop() !== undefined) failure.excused += 1;
}

/** A suspicion that has been confirmed, and nothing that is under way can refute it, or not soon. */
function isCertain(trial: Trial | undefined, isQuiet: boolean, now: Millis): boolean {
  return trial !== undefined && trial.isConfirmed && (isQuiet || now >= trial.leaveAt);
}

function isOpen({ isLeft, trial }: Pick<Session<unknown>, 'isLeft' | 'trial'>): boolean {
  return !isLeft && trial === undefined;
}

function isFree({ probe, probedAt }: Trial, now: Millis): boolean {
  return probe === undefined || now - probedAt >= PROBE_ANSWER_MS;
}

/** 1, 1/2, 1/4, 3/4, 1/8, …: wherever a block of refused SMS is, it is soon missed. */
function fractionOf(count: number): number {
  if (count === 1) return 1;
  let fraction = 0;
  let weight = 0.5;
  for (let bits = count - 1; bits > 0; bits >>= 1) {
    if ((bits & 1) === 1) fraction += weight;
    weight /= 2;
  }
  return fraction;
}
