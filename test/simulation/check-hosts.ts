/** What one host refuses for the moment, or leaves unanswered, is offered to the other before it goes there again. */
import type { Millis } from '../../lib/clock.js';
import { GIVEN_UP_MS, isAloneInSilence } from './check-resent.js';
import type { Fault } from './faults.js';
import type { Ledger, SmsRecord, SubmitSeen } from './ledger.js';
import type { Plan } from './plan.js';
import { ESME_RINVBNDSTS, ESME_RINVDSTADR, ESME_RSUBMITFAIL, NACK_STATUS } from './poison.js';
import type { LinkSeen, Smsc } from './smsc.js';

interface Case {
  readonly ledger: Ledger;
  readonly plan: Plan;
  readonly smsc: Smsc;
}

/** With several of these one SMS at a time is tried, and another session is that of trouble too. */
const DOUBTED: ReadonlySet<number> = new Set([ESME_RSUBMITFAIL, ESME_RINVBNDSTS]);
const DOUBT_MS: Millis = 70_000;

/** They leave both hosts where they are. */
const SOFT: ReadonlySet<Fault['kind']> = new Set(['deaf', 'mute', 'slow', 'statuses', 'throttle', 'clock']);

/** A restart, and the back-off after it. */
const UNREACHABLE_MS: Millis = 600_000;

const NEAR_MS: Millis = 1_000;

export function offeredToBoth(sms: SmsRecord, given: Case, violated: (what: string) => void): void {
  const { options } = given.plan;
  if (options.connectionMode === 'pair' || sms.submits.some(({ total }) => total > 1)) return;
  const submits = [...sms.submits].sort((one, other) => one.sentAt - other.sentAt);
  submits.slice(1).forEach((next, index) => {
    const before = submits[index]!;
    if (next.run !== before.run) return;
    const isSilent =
      next.sentAt - before.sentAt >= GIVEN_UP_MS && (before.answeredAt ?? Infinity) > next.sentAt;
    if (!isSilent && !isRefusedForNow(before, next.sentAt)) return;
    if (next.host !== before.host) {
      given.ledger.saw(`offered to the other host after ${isSilent ? 'silence' : 'a refusal'}`);
      return;
    }
    const mayStay =
      options.links === 'both'
        ? !hasRoomElsewhere(next, given)
        : !isSilent || index > 0 || !mustMove(before, given);
    if (!mayStay)
      violated(
        `was offered to dk${next.host + 1} again at ${Math.round(next.sentAt)}, and not to the other host`,
      );
  });
}

function isRefusedForNow({ status, sentAt, answeredAt = Infinity }: SubmitSeen, until: Millis): boolean {
  if (status === 0 || status === ESME_RINVDSTADR || status === NACK_STATUS || DOUBTED.has(status))
    return false;
  return answeredAt <= until && answeredAt - sentAt < GIVEN_UP_MS;
}

/** It was the first sign of a host that answers nothing, nobody had left that host meanwhile, and the other one is there. */
function mustMove(submit: SubmitSeen, { ledger, smsc }: Case): boolean {
  const seen = smsc.links.find(({ session }) => session.id === submit.sessionId)!;
  const hasMoved = ledger.binds.some(({ at }) => at > submit.sentAt && at < submit.sentAt + GIVEN_UP_MS);
  if (hasMoved) return false;
  const until = submit.sentAt + UNREACHABLE_MS;
  const isHard = ({ at, kind }: Ledger['faults'][number]): boolean =>
    !SOFT.has(kind) && at > submit.sentAt - UNREACHABLE_MS && at < until;
  return !ledger.faults.some(isHard) && isAloneInSilence(submit, seen, ledger);
}

/** A session with the other host, with nothing under way. */
function hasRoomElsewhere({ sentAt: at, host, run }: SubmitSeen, { ledger, smsc }: Case): boolean {
  const isBusyLoop = ledger.stalls.some(({ from, until }) => from <= at && until >= at - 2 * NEAR_MS);
  const isDoubtful = ledger.refusals.some(
    ({ at: refusedAt, status }) => DOUBTED.has(status) && at - refusedAt < DOUBT_MS,
  );
  if (isBusyLoop || isDoubtful) return false;
  return smsc.links.some(
    (seen) => seen.session.host !== host && seen.run === run && isIdle(seen, at, ledger),
  );
}

function isIdle({ session, link }: LinkSeen, at: Millis, { sms }: Ledger): boolean {
  const { heardBoundAt = Infinity } = session.seen;
  const { leftAt = Infinity, spoiltAt = Infinity, closedAt = Infinity } = link;
  if (heardBoundAt > at - NEAR_MS || session.isLeaving || Math.min(leftAt, spoiltAt, closedAt) < at + NEAR_MS)
    return false;
  return !sms.some(({ submits }) =>
    submits.some(
      ({ sessionId, sentAt, answeredAt = Infinity }) =>
        sessionId === session.id && sentAt <= at && answeredAt > at - NEAR_MS && sentAt > at - 40_000,
    ),
  );
}
