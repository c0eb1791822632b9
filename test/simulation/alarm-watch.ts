/**
 * No alarm waits for another's fault: it leaves within two seconds of a link with room and a token of the rate, behind
 * alarms alone.
 */
import type { Millis } from '../../lib/clock.js';
import type { ClientRun } from './client-run.js';
import type { Ledger, SmsRecord } from './ledger.js';
import type { Stage } from './misfortune.js';
import { ESME_RMSGQFUL, ESME_RTHROTTLED } from './poison.js';

/** The bar. */
const LEAVES_WITHIN_MS: Millis = 2_000;

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
  readonly #syncMaxMs: Millis;
  readonly #isSlowByOptions: boolean;
  /** Since when there has been room at each look. */
  #roomSince: Millis = Infinity;
  #slowedUntil: Millis = 0;
  #refusalsSeen = 0;
  /** Looks at which a link had room and nothing was in its way. */
  readonly #passedOver = new Map<SmsRecord, number>();
  readonly #reported = new Set<SmsRecord>();

  constructor(stage: Stage, { syncMaxMs, isSlow }: { readonly syncMaxMs: Millis; readonly isSlow: boolean }) {
    this.#stage = stage;
    this.#syncMaxMs = syncMaxMs;
    this.#isSlowByOptions = isSlow;
  }

  /** To be called every second. */
  look(run: ClientRun | undefined): void {
    const { ledger, time } = this.#stage.smsc;
    this.#lookAtRefusals(ledger);
    const waiting = ledger.alarms.filter((alarm) => isWaiting(alarm, time.now));
    if (run === undefined || waiting.length === 0) {
      this.#roomSince = Infinity;
      return;
    }
    if (!hasRoom(run)) this.#roomSince = Infinity;
    else this.#roomSince = Math.min(this.#roomSince, time.now);
    for (const alarm of waiting) if (!this.#mayHaveLeft(alarm, run)) this.#lookAt(alarm, run);
  }

  #lookAt(alarm: SmsRecord, run: ClientRun): void {
    const { ledger, time } = this.#stage.smsc;
    const { now } = time;
    const graceMs = LEAVES_WITHIN_MS + SYNCS * this.#syncMaxMs + this.#aheadMs(alarm);
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

  /** It may have been written and never have arrived. */
  #mayHaveLeft(alarm: SmsRecord, run: ClientRun): boolean {
    if (alarm.askedRun !== run.seen.number) return true;
    return this.#stage.smsc.links.some(({ link: { lostAt = 0 } }) => lostAt >= alarm.askedAt);
  }

  /** Since when nothing but other alarms is in its way. */
  #freeSince(alarm: SmsRecord): Millis {
    const { ledger, hosts, time } = this.#stage.smsc;
    if (ledger.diskTroubledUntil > time.now) return Infinity;
    const ahead = ledger.alarms
      .filter((other) => other !== alarm && other.askedAt <= alarm.takenAt)
      .flatMap(({ submits }) => submits.map(({ sentAt }) => sentAt));
    const stalled = ledger.stalls.map(({ until }) => until);
    const well = hosts.map(({ troubledUntil }) => troubledUntil);
    return Math.max(...well, ledger.diskTroubledUntil, ...stalled, ...ahead);
  }

  /** Alarms before it, at one segment a second, where there is a rate. */
  #aheadMs(alarm: SmsRecord): Millis {
    const { ledger, time } = this.#stage.smsc;
    if (!this.#isSlowByOptions && time.now > this.#slowedUntil) return 0;
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

function hasRoom({ engine }: ClientRun): boolean {
  return engine.connection.links.some(
    ({ state, bind, underWay, window }) => state === 'bound' && bind !== 'receiver' && underWay < window,
  );
}
