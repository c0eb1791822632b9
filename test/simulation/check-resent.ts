/**
 * No SMS pays for another: a session that lives is not given up because one of its SMS has no answer, and what goes
 * again does so for a reason of its own.
 */
import type { Millis } from '../../lib/clock.js';
import type { Ledger, SmsRecord, SubmitSeen } from './ledger.js';
import type { Plan } from './plan.js';
import { ESME_RINVBNDSTS, ESME_RSUBMITFAIL, NACK_STATUS } from './poison.js';
import type { LinkSeen, Smsc } from './smsc.js';

/** Contract section 4: a submit_sm is given up after 30 s, by a clock of whole milliseconds. */
export const GIVEN_UP_MS: Millis = 29_900;

/** What is under way on a session that is left has so long for its answer. */
const DRAIN_MS: Millis = 2_900;

/** A session is left for an answer of these; the contract lets it take some time. */
const LEFT_FOR: ReadonlySet<number> = new Set([ESME_RSUBMITFAIL, ESME_RINVBNDSTS, NACK_STATUS]);
const LEFT_WITHIN_MS: Millis = 70_000;
/** One that took nothing, and had nothing more to be tried with, is left after so long. */
const STAY_MAX_MS: Millis = 600_000;

function isLeftBecauseOf(refusedAt: Millis, leftAt: Millis): boolean {
  const sinceMs = leftAt - refusedAt;
  return sinceMs >= 0 && (sinceMs < LEFT_WITHIN_MS || Math.abs(sinceMs - STAY_MAX_MS) < LEFT_WITHIN_MS);
}

export function checkSessions(ledger: Ledger, { options }: Plan, smsc: Smsc): void {
  // Of a pair, one is left when the other is gone.
  if (options.connectionMode === 'pair') return;
  // Answers came, to submits that were forgotten.
  if (ledger.reached.has('lateAnswers')) return;
  for (const seen of smsc.links) {
    const { leftAt } = seen.link;
    if (leftAt === undefined || !seen.session.wasBound || seen.session.isLeaving) continue;
    if (leftAt >= stoppedAt(seen, ledger)) continue;
    const isLeftForAnswer = ledger.refusals.some(
      ({ at, status }) => LEFT_FOR.has(status) && isLeftBecauseOf(at, leftAt),
    );
    if (!isLeftForAnswer && !answersNothing(seen, leftAt, ledger))
      ledger.violated(`a session was given up at ${Math.round(leftAt)}, although it lived`);
  }
}

/** An SMS was given up, and nothing had an answer from its submission on: the other host is tried. */
function answersNothing(seen: LinkSeen, leftAt: Millis, ledger: Ledger): boolean {
  return submitsOver(seen, ledger).some((submit) => {
    const givenUpAt = submit.sentAt + GIVEN_UP_MS;
    const isInTime = leftAt >= givenUpAt && leftAt <= givenUpAt + SILENT_DRAIN_MS;
    return isInTime && isAloneInSilence(submit, seen, ledger);
  });
}

/** It had no answer in time, nor had any other over its session meanwhile. */
export function isAloneInSilence({ sentAt }: SubmitSeen, seen: LinkSeen, ledger: Ledger): boolean {
  const givenUpAt = sentAt + GIVEN_UP_MS;
  return !submitsOver(seen, ledger).some(({ sentAt: since, answeredAt: at = Infinity }) => {
    return (since === sentAt || at > sentAt) && at < givenUpAt;
  });
}

function submitsOver({ session }: LinkSeen, { sms }: Ledger): SubmitSeen[] {
  return sms.flatMap((each) => each.submits.filter(({ sessionId }) => sessionId === session.id));
}

/** What is under way on a session that answers nothing has its whole time; an event loop may be busy meanwhile. */
const SILENT_DRAIN_MS: Millis = 70_000;

/** One attempt at an SMS: over one session, under one reference. */
type Attempt = readonly SubmitSeen[];

export function sentAgainForItself(
  sms: SmsRecord,
  { ledger, smsc }: { readonly ledger: Ledger; readonly smsc: Smsc },
  violated: (what: string) => void,
): void {
  if (sms.submits.length < 2) return;
  const attempts = attemptsOf(sms);
  attempts.slice(1).forEach((next, index) => {
    const before = attempts[index]!;
    const again = next[0]!.sentAt;
    if (hasReason(before, again, { ledger, smsc })) return;
    violated(`was sent again at ${Math.round(again)}, for no reason of its own`);
  });
}

function attemptsOf({ submits }: SmsRecord): Attempt[] {
  const attempts: SubmitSeen[][] = [];
  for (const submit of [...submits].sort((one, other) => one.sentAt - other.sentAt)) {
    const last = attempts.at(-1)?.[0];
    const isSame =
      submit.total > 1 && last?.sessionId === submit.sessionId && last.reference === submit.reference;
    if (isSame) attempts.at(-1)!.push(submit);
    else attempts.push([submit]);
  }
  return attempts;
}

function hasReason(
  attempt: Attempt,
  again: Millis,
  { ledger, smsc }: { readonly ledger: Ledger; readonly smsc: Smsc },
): boolean {
  // Its late answer was forgotten.
  if (ledger.reached.has('lateAnswers')) return true;
  const [{ sessionId, run }] = attempt as [SubmitSeen];
  const seen = smsc.links.find(({ session }) => session.id === sessionId)!;
  const { spoiltAt = Infinity, leftAt = Infinity } = seen.link;
  if (spoiltAt <= again || seen.session.isLeaving) return true;
  if (stoppedAt(seen, ledger) <= again || ledger.runs[run]!.end === 'crash') return true;
  // Half of it is with the gateway: the rest of it came to nothing, by an answer that came late or a session that was left.
  const [{ total }] = attempt as [SubmitSeen];
  const isWhole = new Set(attempt.map(({ sequence }) => sequence)).size === total;
  const isLate = attempt.some(({ sentAt, answeredAt = Infinity }) => answeredAt - sentAt >= GIVEN_UP_MS);
  if (!isWhole && (isLate || leftAt <= again)) return true;
  const unanswered = attempt.filter(({ answeredAt = Infinity }) => answeredAt > again);
  if (attempt.some(({ status, answeredAt = Infinity }) => status !== 0 && answeredAt <= again)) return true;
  if (unanswered.some(({ sentAt }) => again - sentAt >= GIVEN_UP_MS)) return true;
  // Its session was left, for another's answer: that has to wait for what is under way.
  const lastAt = Math.max(...smsc.sentOver(sessionId));
  return unanswered.length > 0 && leftAt <= again && leftAt - lastAt >= DRAIN_MS;
}

function stoppedAt({ run }: LinkSeen, ledger: Ledger): Millis {
  const { stoppingAt, endedAt } = ledger.runs[run]!;
  return stoppingAt ?? endedAt ?? Infinity;
}
