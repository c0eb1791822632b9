/**
 * No SMS waits for another's fault. An alarm leaves within two seconds of a link with room and a token of the rate, behind
 * alarms alone; and while there is room and no limit, whatever is in line and was never refused leaves.
 */
import { DEFAULT_BOUNDS } from '../../lib/bounds.js';
import type { Millis } from '../../lib/clock.js';
import { isBehindLong } from './check-sms.js';
import type { ClientRun } from './client-run.js';
import type { Ledger, SmsRecord } from './ledger.js';
import type { Stage } from './misfortune.js';
import type { Plan } from './plan.js';
import { ESME_RINVBNDSTS, ESME_RMSGQFUL, ESME_RSUBMITFAIL, ESME_RTHROTTLED } from './poison.js';
import { mayBeLost } from './unreadable.js';

/** The bar. */
const LEAVES_WITHIN_MS: Millis = 2_000;

/** Whatever stands in line, while there is room for it and no limit. */
const GOES_WITHIN_MS: Millis = 5_000;

/** Several of these may be a restart: then one is tried at a time. */
const DOUBTED: ReadonlySet<number> = new Set([ESME_RSUBMITFAIL, ESME_RINVBNDSTS]);
const DOUBT_MS: Millis = 70_000;

/** Looks at which a link had room, however often that changed meanwhile. */
const LOOKS_MAX = 8;

/** Syncs that an alarm may have to wait for: taken in, marked, and what was under way before each. */
const SYNCS = 8;

/** Below this many segments in the second before, a refusal says nothing of a limit; nor does one alone. */
const SEGMENTS_MIN = 10;
const REFUSED_AGAIN_MS: Millis = 10_000;
/** Of ESME_RMSGQFUL: as many different SMS in a row. */
const QUEUES_FULL_MAX = 3;
/** A rate that was learnt is over after a minute without a refusal. */
const SLOWED_MS: Millis = 62_000;

export class AlarmWatch {
  readonly #stage: Stage;
  readonly #plan: Plan;
  /** Since when there has been room at each look. */
  #roomSince: Millis = Infinity;
  /** And room besides what may be kept for alarms. */
  #roomForAllSince: Millis = Infinity;
  #slowedUntil: Millis = 0;
  #refusalsSeen = 0;
  /** Looks at which a link had room and nothing was in its way. */
  readonly #passedOver = new Map<SmsRecord, number>();
  readonly #reported = new Set<SmsRecord>();

  constructor(stage: Stage, plan: Plan) {
    this.#stage = stage;
    this.#plan = plan;
  }

  /** To be called every second. */
  look(run: ClientRun | undefined): void {
    const { ledger, time } = this.#stage.smsc;
    this.#lookAtRefusals(ledger);
    const waiting = run === undefined ? [] : this.#inLine(run);
    if (run === undefined || waiting.length === 0) {
      this.#roomSince = Infinity;
      this.#roomForAllSince = Infinity;
      return;
    }
    this.#roomSince = hasRoom(run, 1) ? Math.min(this.#roomSince, time.now) : Infinity;
    this.#roomForAllSince = hasRoom(run, 2) ? Math.min(this.#roomForAllSince, time.now) : Infinity;
    for (const sms of waiting) {
      if (sms.sms.priority === 'alarm') this.#lookAt(sms, run);
      else this.#lookAtAny(sms, run);
    }
  }

  /** Alarms; and of the others those of which it can be told that nothing holds them up. */
  #inLine(run: ClientRun): readonly SmsRecord[] {
    const { ledger, time } = this.#stage.smsc;
    const all = this.#isFast() ? ledger.sms : ledger.alarms;
    return all.filter(
      (sms) => isWaiting(sms, time.now) && !this.#mayHaveLeft(sms, run) && !this.#isBehindUnreadable(sms),
    );
  }

  /** As many as are read ahead are tried and cannot be read. */
  #isBehindUnreadable({ sms: { priority }, takenAt }: SmsRecord): boolean {
    const { hasUnreadable, hasRotten, bounds } = this.#plan;
    if (!hasUnreadable && !hasRotten) return false;
    const { ledger, time } = this.#stage.smsc;
    const all = priority === 'alarm' ? ledger.alarms : ledger.sms;
    const tried = all.filter((other) => mayBeLost(this.#plan, other.newId) && isWaiting(other, time.now));
    return tried.filter((other) => other.takenAt <= takenAt).length >= bounds.bodiesAhead;
  }

  /** Neither a limit nor a slow disk, nor a doubt whether the gateway restarts. */
  #isFast(): boolean {
    const { ledger, time } = this.#stage.smsc;
    const { syncMaxMs, bounds, options } = this.#plan;
    if (syncMaxMs > 10 || bounds.segmentsAhead < DEFAULT_BOUNDS.segmentsAhead) return false;
    if (options.segmentsPerSecond !== undefined || time.now <= this.#slowedUntil) return false;
    return !ledger.refusals.some(({ at, status }) => DOUBTED.has(status) && at > time.now - DOUBT_MS);
  }

  #lookAtAny(sms: SmsRecord, run: ClientRun): void {
    const { ledger, time } = this.#stage.smsc;
    const free = Math.max(this.#wellSince(), sms.takenAt, run.seen.startedAt, this.#roomForAllSince);
    if (time.now - free <= GOES_WITHIN_MS || this.#reported.has(sms)) return;
    this.#reported.add(sms);
    ledger.violated(
      `SMS ${sms.number} is in line, and waits at ${Math.round(time.now)} although a link has room`,
    );
  }

  #lookAt(alarm: SmsRecord, run: ClientRun): void {
    const { ledger, time } = this.#stage.smsc;
    const { now } = time;
    const graceMs = LEAVES_WITHIN_MS + SYNCS * this.#plan.syncMaxMs + this.#aheadMs(alarm);
    const free = Math.max(this.#freeSince(alarm), alarm.takenAt, run.seen.startedAt);
    const isStuck = now - Math.max(free, this.#roomSince) > graceMs;
    const hasRoomNow = this.#roomSince <= now && now - free > graceMs;
    const passedOver = (this.#passedOver.get(alarm) ?? 0) + (hasRoomNow ? 1 : 0);
    this.#passedOver.set(alarm, passedOver);
    const isStarved = passedOver > LOOKS_MAX;
    if (!isStuck && !isStarved) return;
    if (this.#reported.has(alarm)) return;
    this.#reported.add(alarm);
    ledger.violated(
      `SMS ${alarm.number} is an alarm, and waits at ${Math.round(now)} although a link has room`,
    );
  }

  /** It may have been written and never have arrived, or cannot leave for a reason of its own. */
  #mayHaveLeft(alarm: SmsRecord, run: ClientRun): boolean {
    if (alarm.askedRun !== run.seen.number) return true;
    if (mayBeLost(this.#plan, alarm.newId)) return true;
    if (isBehindLong(alarm, this.#stage.smsc.ledger)) return true;
    return this.#stage.smsc.links.some(({ link: { lostAt = 0 } }) => lostAt >= alarm.askedAt);
  }

  /** Since when nothing but other alarms is in its way. */
  #freeSince(alarm: SmsRecord): Millis {
    const { ledger } = this.#stage.smsc;
    const ahead = ledger.alarms
      .filter((other) => other !== alarm && other.askedAt <= alarm.takenAt)
      .flatMap(({ submits }) => submits.map(({ sentAt }) => sentAt));
    return Math.max(this.#wellSince(), ...ahead);
  }

  /** Since when nothing is wrong with disk, hosts and event loop. */
  #wellSince(): Millis {
    const { ledger, hosts, time } = this.#stage.smsc;
    if (ledger.diskTroubledUntil > time.now) return Infinity;
    const stalled = ledger.stalls.map(({ until }) => until);
    const well = hosts.map(({ troubledUntil }) => troubledUntil);
    return Math.max(...well, ledger.diskTroubledUntil, ...stalled);
  }

  /** Alarms before it, at one segment a second, where there is a rate. */
  #aheadMs(alarm: SmsRecord): Millis {
    const { ledger, time } = this.#stage.smsc;
    if (this.#plan.options.segmentsPerSecond === undefined && time.now > this.#slowedUntil) return 0;
    const before = ledger.alarms.filter(
      (other) => other !== alarm && other.askedAt <= alarm.takenAt && isWaiting(other, time.now),
    );
    return 3_000 + 15_000 * before.length;
  }

  #lookAtRefusals({ refusals, submittedAt }: Ledger): void {
    for (; this.#refusalsSeen < refusals.length; this.#refusalsSeen += 1) {
      const { at, status } = refusals[this.#refusalsSeen]!;
      if (status !== ESME_RTHROTTLED && status !== ESME_RMSGQFUL) continue;
      const earlier = refusals.slice(0, this.#refusalsSeen);
      const sent = submittedAt.filter((each) => each > at - 2_000 && each <= at).length;
      const isAgain = earlier.some(
        (other) => other.status === ESME_RTHROTTLED && at - other.at <= REFUSED_AGAIN_MS + 1_000,
      );
      const full = new Set(
        refusals
          .slice(0, this.#refusalsSeen + 1)
          .filter((other) => other.status === ESME_RMSGQFUL && at - other.at <= 4 * SLOWED_MS)
          .map(({ sms }) => sms),
      );
      const saysLimit =
        status === ESME_RTHROTTLED ? sent >= SEGMENTS_MIN || isAgain : full.size >= QUEUES_FULL_MAX;
      if (saysLimit || at <= this.#slowedUntil) this.#slowedUntil = at + SLOWED_MS;
    }
  }
}

function isWaiting(alarm: SmsRecord, now: Millis): boolean {
  const { state, submits, sms, cancelledAt, results, sent } = alarm;
  if (state !== 'taken' || submits.length > 0 || sms.sendAt !== undefined) return false;
  if (cancelledAt !== undefined || results.length > 0 || sent !== undefined) return false;
  if (alarm.askedAt + (sms.expiresAfterMs ?? Infinity) <= now) return false;
  return sms.dedupeKey === undefined;
}

function hasRoom({ engine }: ClientRun, places: number): boolean {
  return engine.connection.links.some(
    ({ state, bind, underWay, window }) =>
      state === 'bound' && bind !== 'receiver' && window - underWay >= places,
  );
}
