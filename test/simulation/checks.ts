/** The invariants, checked on the ledger of a run that is over. */
import type { Millis } from '../../lib/clock.js';
import type { Storage } from '../../lib/storage/storage.js';
import { checkIncoming } from './check-incoming.js';
import { checkReceipts } from './check-receipts.js';
import { checkSessions } from './check-resent.js';
import { checkRates } from './check-rates.js';
import { checkSms } from './check-sms.js';
import type { Client } from './client.js';
import { type Kind, leftovers } from './leftovers.js';
import { type Handing, type Ledger, type SmsRecord, toldOf } from './ledger.js';
import type { Plan } from './plan.js';
import type { EventKind } from './plan-flow.js';
import type { Smsc } from './smsc.js';

export function checkLedger(ledger: Ledger, plan: Plan, smsc: Smsc): void {
  for (const sms of ledger.sms) checkSms(sms, { ledger, plan, smsc });
  if (plan.options.links === 'both' && new Set(ledger.sms.flatMap(hostsOf)).size > 1)
    ledger.saw('submits over both hosts');
  for (const list of ledger.wholes) checkWhole(list, ledger);
  checkSessions(ledger, plan, smsc);
  checkReceipts(ledger, smsc.time.now);
  checkIncoming(ledger, plan);
  checkRates(ledger);
}

/** All of a list is taken in, or none. */
function checkWhole(list: readonly SmsRecord[], ledger: Ledger): void {
  if (list.some(({ state, askedRun }) => state === 'asked' && ledger.runs[askedRun]?.end === 'crash'))
    ledger.saw('process died as a list was taken in');
  // One that is taken in by its word is looked at by itself; and of those with a key one may stand for another.
  const unkeyed = list.filter(({ state, sms }) => state !== 'taken' && sms.dedupeKey === undefined);
  const taken = unkeyed.filter((sms) => sms.submits.length > 0 || toldOf(sms) !== undefined);
  if (taken.length === 0 || taken.length === unkeyed.length || ledger.hasGivenUp('settled')) return;
  const numbers = list.map(({ number }) => number).join();
  ledger.violated(`of the list of SMS ${numbers} only ${taken.length} were taken in`);
}

/** What is over is let go, whether or not there is a link: a queue that is empty holds nothing of an SMS. */
export async function checkLeftovers(
  ledger: Ledger,
  client: Client,
  { bounds: { queueGaps, eventsReadBack }, isInMemory }: Plan,
  now: Millis,
): Promise<void> {
  const run = client.up;
  if (run === undefined) return;
  const left = await leftovers();
  const { alarm, normal, bulk } = run.engine.outbox.counts;
  const inQueue = alarm + normal + bulk;
  if (inQueue === 0) ledger.saw('nothing of an SMS left in memory');
  // An answer that never came may come yet.
  const unanswered = ledger.sms.filter(({ submits }) =>
    submits.some((submit) => submit.run === run.seen.number && submit.answeredAt === undefined),
  ).length;
  const events = heldOf(ledger, run.seen.number, now) + eventsReadBack;
  if (run.storage.count('result') + run.storage.count('event') > events)
    ledger.saw('what waits on disk is not held in memory');
  const most: Readonly<Record<Kind, number>> = {
    'content of an SMS': inQueue,
    submission: inQueue + 3 * unanswered,
    // Gaps are closed when they are as many as what is there.
    event: isInMemory ? Infinity : events,
    'SMS in the queue': inQueue + Math.max(inQueue, queueGaps) + unanswered,
  };
  for (const [kind, count] of left) {
    if (count > most[kind])
      ledger.violated(`${count} objects are left (${kind}), with ${inQueue} SMS in the queue`);
  }
}

/** How many events are with a listener, some in two shapes; and receipts that may wait for their SMS. */
function heldOf({ sms, receipts, emitted, deliveries }: Ledger, run: number, now: Millis): number {
  const isHeld = ({ run: of, taking }: Handing): boolean =>
    of === run && taking.doneAt === undefined && taking.failedAt === undefined;
  const handings: readonly Handing[] = [...sms.flatMap(({ results }) => results), ...receipts, ...emitted];
  const lately = deliveries.filter(
    ({ kind, keptAt = -Infinity }) => kind !== 'sms' && keptAt > now - RECEIPT_WAIT_MS,
  );
  return 2 * handings.filter(isHeld).length + lately.length;
}

/** Contract: a receipt of no SMS is held for 60 s. */
const RECEIPT_WAIT_MS: Millis = 61_000;

/** What is known of submissions goes with their SMS; after a disk that failed, with the next start. One tells of references. */
export function checkTables(ledger: Ledger, storage: Storage | undefined): void {
  if (storage === undefined || ledger.diskFailed || storage.count('outbox') > 0) return;
  ledger.saw('nothing left in the queue');
  const left = storage.count('progress');
  const ofReferences = ledger.sms.some(isLong) ? 1 : 0;
  if (left > ofReferences) ledger.violated(`${left} records of submissions are left, and no SMS`);
}

/** One with references, also when the gateway never saw it. */
function isLong({ submits, results }: SmsRecord): boolean {
  return submits.some(({ total }) => total > 1) || results.some(({ result }) => result.segments > 1);
}

/** Contract 3.3: what nobody has taken for an hour is forgotten when nobody is there. */
export function checkLetGo(ledger: Ledger, storage: Storage | undefined): void {
  if (storage === undefined || ledger.diskFailed) return;
  ledger.saw('nobody there for an hour');
  const wasListenedTo = (kind: EventKind): boolean =>
    ledger.listeners.some(({ plan, stays }) => plan.kinds.includes(kind) && stays.length > 0);
  const left = storage.count('result');
  if (!wasListenedTo('settled') && left > 0)
    ledger.violated(`${left} results are kept that nobody has taken for an hour`);
}

const HOUR_MS: Millis = 3_600_000;

function hostsOf({ submits }: SmsRecord): readonly number[] {
  return submits.map(({ host }) => host);
}

/**
 * Contract: text is erased within an hour of the final result.
 *
 * @param disk what is on it `now`
 */
export function checkErased(ledger: Ledger, disk: string, now: Millis): void {
  ledger.saw('text gone from the disk');
  for (const [mark, number] of disk.matchAll(/<(\d+)>/g)) {
    const sms = ledger.sms[Number(number)];
    const settledAt = (sms && toldOf(sms))?.at ?? Infinity;
    if (settledAt + HOUR_MS < now) violatedOnce(ledger, mark);
  }
  for (const [mark, number] of disk.matchAll(/\((\d+)\.\d+\)/g)) {
    const emitted = ledger.emitted.filter(({ content }) => content === Number(number));
    // Of those that say the same, whose it is cannot be told.
    const isOver = emitted.every(({ at }) => at + HOUR_MS < now);
    if (emitted.length > 0 && isOver) violatedOnce(ledger, mark);
  }
}

function violatedOnce(ledger: Ledger, mark: string): void {
  const what = `text of an SMS is on the disk an hour later: ${mark}`;
  if (!ledger.violations.includes(what)) ledger.violated(what);
}
