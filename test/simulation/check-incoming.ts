/**
 * The promises made for SMS from phones: each that was answered comes out, as often as it was sent, whole, and in the
 * order in which the SMS of its phone arrived.
 *
 * Nothing tells two SMS that say the same apart, so they are counted. A copy may be swallowed only where an answer was
 * in doubt: that to an earlier one on another session, where nothing that reached the client can be an answer to what it
 * wrote after it. Source: contract section 4, "Incoming".
 */
import type { Millis } from '../../lib/clock.js';
import { mayBeHandedAgain } from './check-handings.js';
import type { DeliveryRecord, EmittedSms, IncomingRecord, Ledger, Sending, SessionSeen } from './ledger.js';
import { wholeText } from './message-octets.js';
import type { Plan } from './plan.js';
import type { Situation } from './situations.js';

/** Where phones write to. */
const OUR_NUMBER = '4588888888';

/** Parts wait 5 min for each other; what comes further apart comes out as it is. */
const TOGETHER_MS: Millis = 290_000;

/** An answer excuses one copy until so long after the next bind. */
const EXCUSED_MS: Millis = 120_000;

/** A copy that comes while the other session is open waits so long for what becomes of that. */
const UNDECIDED_MS: Millis = 5_000;

/** What our own look at a clock, the way of octets, and a timer add. */
const TOLERANCE_MS: Millis = 3_000;

export function checkIncoming(ledger: Ledger, plan: Plan): void {
  const byContent = new Map<number, IncomingRecord[]>();
  for (const incoming of ledger.incoming) {
    byContent.set(incoming.content, [...(byContent.get(incoming.content) ?? []), incoming]);
  }
  for (const [content, all] of byContent) {
    const emitted = ledger.emitted.filter((each) => each.content === content);
    noteRepeated(ledger, all);
    checkContent(ledger, all[0]!, emitted);
    checkHandedOnce(ledger, content, emitted);
    checkAllCounted(all[0]!.texts, { ledger, plan, all, emitted });
  }
  for (const phone of new Set(ledger.incoming.map((incoming) => incoming.phone))) checkOrder(ledger, phone);
}

/** Whether the gateway has an answer is asked so long after it, as long as nothing else tells. */
const FOLLOWED_MS: Millis = 1_100;
/** Not while another enquire_link waits for its answer. */
const ENQUIRY_MS: Millis = 5_000;
/** Nor on a session that is left: what is under way has so long until the unbind. */
const DRAIN_MS: Millis = 3_500;

/** Contract: an answer that nothing follows within 1 s is followed by enquire_link. */
export function checkFollowed(
  ledger: Ledger,
  session: SessionSeen,
  next: { readonly command: string; readonly at: Millis },
): void {
  const { unfollowedSince, enquiredAt, enquiryAnsweredAt } = session;
  if (unfollowedSince === undefined) return;
  const since = Math.max(unfollowedSince, session.resumedAt());
  const isAsking = enquiredAt > -Infinity && (enquiryAnsweredAt < enquiredAt || enquiryAnsweredAt > since);
  const otherwiseMs = (isAsking ? ENQUIRY_MS : 0) + (next.command === 'unbind' ? DRAIN_MS : 0);
  const waitedMs = next.at - since - ledger.stalledMs(since);
  if (waitedMs > FOLLOWED_MS + otherwiseMs)
    ledger.violated(`nothing followed an answer to a deliver_sm for ${Math.round(waitedMs)} ms`);
}

function checkContent(ledger: Ledger, incoming: IncomingRecord, emitted: readonly EmittedSms[]): void {
  const { content, texts, missing, phone, mix } = incoming;
  for (const { sms } of emitted) {
    if (sms.from !== phone || sms.to !== OUR_NUMBER)
      ledger.violated(`incoming SMS ${content} is said to be from ${sms.from} to ${sms.to}`);
    const repliesTo = sms.inReplyTo?.correlation as { readonly number: number } | undefined;
    const sent = repliesTo && ledger.sms[repliesTo.number];
    if (sent !== undefined && sent.sms.to !== phone)
      ledger.violated(`incoming SMS ${content} is said to answer what went to another phone`);
  }
  const all = ledger.incoming.filter((other) => other.content === content);
  if (all.some(({ deliveries }) => spanOf(deliveries) > TOGETHER_MS) || gaveWay(ledger)) return;
  // A copy of a part that nobody remembers begins another.
  if (ledger.reached.has('seenDeliveries')) return;
  // Of those that are said again, a part may be taken for a copy.
  if (all.length > 1 && texts.length > 1) return;
  const expected = wholeText(
    texts.filter((_, part) => part !== missing),
    mix,
  );
  for (const { sms, says } of emitted) {
    const isWhole =
      sms.text === expected && texts.every((text, part) => part === missing || says.includes(text));
    if (!isWhole) ledger.violated(`incoming SMS ${content} came out as ${says}`);
    if ((sms.encoding === 'binary') !== (mix === 'binary'))
      ledger.violated(`incoming SMS ${content} is said to be ${sms.encoding}`);
    if (sms.complete !== (missing === undefined))
      ledger.violated(`incoming SMS ${content}: complete is ${sms.complete}`);
  }
}

/** A long SMS was given up for others before its time. */
function gaveWay({ reached }: Ledger): boolean {
  return (['openMessages', 'openPartsOctets', 'messageOctets'] as const).some((bound) => reached.has(bound));
}

/** From the first part that was sent to the last that was kept. */
function spanOf(deliveries: readonly DeliveryRecord[]): Millis {
  const firstAt = deliveries.map((delivery) => delivery.firstSentAt ?? 0);
  const lastAt = deliveries.map((delivery) => delivery.keptAt ?? 0);
  return Math.max(...lastAt) - Math.min(...firstAt);
}

/** Each to a listener once, unless the client cannot know that it was taken. */
function checkHandedOnce(ledger: Ledger, content: number, emitted: readonly EmittedSms[]): void {
  for (const event of eventsOf(emitted)) {
    // Several that say the same, and came in one chunk: they are counted elsewhere.
    if (arrivalsOf(ledger, content, event[0]!).length > event[0]!.sms.segments) continue;
    for (const [index, again] of event.entries()) {
      const before = event.slice(0, index).findLast(({ listener }) => listener === again.listener);
      if (before === undefined) continue;
      if (!mayBeHandedAgain(ledger, [before, again], event))
        ledger.violated(`incoming SMS ${content} was handed on twice, without a crash in between`);
      else ledger.saw('incoming SMS emitted again after a crash');
    }
  }
}

/** Told apart by the instant at which they came. */
function eventsOf(emitted: readonly EmittedSms[]): EmittedSms[][] {
  const events = new Map<string, EmittedSms[]>();
  for (const each of emitted) {
    const key = `${each.sms.receivedAt} ${each.says}`;
    events.set(key, [...(events.get(key) ?? []), each]);
  }
  return [...events.values()];
}

function sendingsOf(incoming: readonly IncomingRecord[], part?: string): Sending[] {
  return incoming.flatMap(({ deliveries }) =>
    deliveries.filter(({ says }) => part === undefined || says === part).flatMap(({ sendings }) => sendings),
  );
}

/** Those that an SMS may be, by when it came; one that may be a copy came as it was known that it is none. */
function arrivalsOf(ledger: Ledger, content: number, { sms: { receivedAt } }: EmittedSms): Sending[] {
  const all = sendingsOf(ledger.incoming.filter((incoming) => incoming.content === content));
  const lately = all.filter(({ arrival }) => {
    const wall = arrival?.wall ?? -Infinity;
    return wall <= receivedAt && wall > receivedAt - UNDECIDED_MS - 100;
  });
  const isOfSeveralSessions = new Set(lately.map(({ session }) => session)).size > 1;
  return isOfSeveralSessions ? lately : lately.filter(({ arrival }) => arrival?.wall === receivedAt);
}

interface Counted {
  readonly ledger: Ledger;
  readonly plan: Plan;
  /** All that say the same. */
  readonly all: readonly IncomingRecord[];
  readonly emitted: readonly EmittedSms[];
}

function checkAllCounted(parts: readonly string[], counted: Counted): void {
  const { ledger, plan, all } = counted;
  // Given up, as the log says.
  if (ledger.hasGivenUp('sms')) return;
  const excused = parts.map((part) => {
    const sendings = sendingsOf(all, part);
    return excusedOf(sendings.filter(isKept), sendings, { ledger, plan });
  });
  // A part whose fellow was taken for a copy waits for another that says the same as that, and comes out with it.
  const most = Math.max(...excused);
  if (most > 0) ledger.saw('a copy that an answer excuses');
  for (const part of parts) checkCounted(part, most, counted);
}

function isKept({ answer }: Sending): boolean {
  return answer?.status === 0;
}

function checkCounted(part: string, excused: number, counted: Counted): void {
  const { ledger, all, emitted } = counted;
  const { reached } = ledger;
  const deliveries = all.flatMap((each) => each.deliveries.filter(({ says }) => says === part));
  const kept = sendingsOf(all, part).filter(isKept);
  const events = eventsOf(emitted.filter(({ says }) => says.includes(part)));
  const count = events.reduce((sum, event) => sum + countOf(event, part, counted), 0);
  if (count < kept.length - excused) {
    const what = `was answered ${kept.length} times and came out ${count} times, with ${excused} copies excused`;
    ledger.violated(`incoming SMS ${part} ${what}`);
  }
  if (reached.has('seenDeliveries') || gaveWay(ledger)) return;
  const most = deliveries.reduce((sum, delivery) => sum + newsOf(delivery, ledger), 0);
  if (count > most)
    ledger.violated(`incoming SMS ${part} was sent ${most} times and came out ${count} times`);
}

/** How many SMS are behind what was handed on as having come at one instant. */
function countOf(event: readonly EmittedSms[], part: string, { ledger, all }: Counted): number {
  const arrived = arrivalsOf(ledger, all[0]!.content, event[0]!).filter((sending) =>
    sendingsOf(all, part).includes(sending),
  ).length;
  if (arrived < 2) return 1;
  const byListener = new Map<string, EmittedSms[]>();
  for (const each of event) {
    const key = `${each.run} ${each.listener}`;
    byListener.set(key, [...(byListener.get(key) ?? []), each]);
  }
  ledger.saw('the same said again on the same session');
  return Math.min(arrived, Math.max(1, ...[...byListener.values()].map(distinctOf)));
}

/**
 * How many SMS one listener had in a run. One that it failed at before may be the same; it may also leave that to
 * others, or to the next run, and what those have cannot be told from what it took.
 */
function distinctOf(handings: readonly EmittedSms[]): number {
  const failedAt: Millis[] = [];
  let count = 0;
  for (const { at, taking } of handings) {
    const again = failedAt.findIndex((instant) => instant < at);
    if (again >= 0) failedAt.splice(again, 1);
    else count += 1;
    if (taking.failedAt !== undefined) failedAt.push(taking.failedAt);
  }
  return count;
}

/** How many of those that were answered may have been taken for copies of an earlier one: each excuses one. */
function excusedOf(
  kept: readonly Sending[],
  sendings: readonly Sending[],
  of: { readonly ledger: Ledger; readonly plan: Plan },
): number {
  const unused = new Set(sendings);
  let count = 0;
  for (const copy of [...kept].sort((one, other) => arrivedAt(one) - arrivedAt(other))) {
    const excuses = [...unused].filter((earlier) => mayExcuse(earlier, copy, of));
    const [soonest] = excuses.sort((one, other) => endOfExcuse(one, of) - endOfExcuse(other, of));
    if (soonest === undefined) continue;
    unused.delete(soonest);
    count += 1;
  }
  return count;
}

function arrivedAt({ arrival, at }: Sending): Millis {
  return arrival?.at ?? at;
}

function mayExcuse(
  earlier: Sending,
  copy: Sending,
  of: { readonly ledger: Ledger; readonly plan: Plan },
): boolean {
  if (earlier.session === copy.session || earlier.at > (copy.answer?.at ?? Infinity)) return false;
  return arrivedAt(copy) <= endOfExcuse(earlier, of);
}

/** Until when a copy may be taken for one that came again because the answer to this was lost. */
function endOfExcuse(
  { answer, session }: Sending,
  { ledger, plan }: { readonly ledger: Ledger; readonly plan: Plan },
): Millis {
  const provenAt = answer === undefined ? Infinity : provenFrom(session, answer.pdu);
  const { endedAt = Infinity, end } = ledger.runs[session.run]!;
  // What an earlier process left there is in doubt, and that it had no doubt any more was to be written a little later.
  const isWritten = (end !== 'crash' || provenAt + forgottenMs(plan) < endedAt) && !ledger.diskFailed;
  if (provenAt < Infinity && isWritten) return provenAt - UNDECIDED_MS;
  let until = endFrom(session.closedAt() ?? Infinity, ledger);
  for (const { number, endedAt: over = Infinity } of ledger.runs)
    if (number >= session.run && over < until) until = Math.max(until, endFrom(over, ledger));
  return until;
}

/** By the next bind of which the client knew. */
function endFrom(closedAt: Millis, ledger: Ledger): Millis {
  const binds = ledger.sessions
    .filter(({ heardBoundAt = 0, isReceiver }) => heardBoundAt > closedAt && isReceiver)
    .map(({ heardBoundAt = Infinity }) => heardBoundAt);
  return Math.min(...binds) + EXCUSED_MS + TOLERANCE_MS + ledger.stalledMs(closedAt);
}

/** When the client had an answer to what it wrote after that PDU. */
function provenFrom({ proofs }: SessionSeen, pdu: number): Millis {
  return Math.min(...proofs.filter((proof) => proof.pdu > pdu).map(({ at }) => at));
}

/** Deletes ride on the next write that somebody waits for. */
function forgottenMs({ syncMaxMs }: Plan): Millis {
  return 1_500 + 12 * syncMaxMs;
}

/** As how many SMS one may come out, by what the client can know: those that come again too late, as ever so many. */
function newsOf({ sendings }: DeliveryRecord, ledger: Ledger): number {
  return sendings.filter((sending, index) => {
    const before = sendings[index - 1];
    return before === undefined || cameLate(before, sending, ledger);
  }).length;
}

function cameLate(before: Sending, { at, answer }: Sending, ledger: Ledger): boolean {
  const closedAt = before.session.closedAt() ?? Infinity;
  const arrived = answer?.at ?? Infinity;
  // The client thought that the other was open still.
  if (closedAt >= at - TOLERANCE_MS) return true;
  const next = ledger.sessions.find(({ boundAt = 0 }) => boundAt > closedAt - TOLERANCE_MS);
  if (arrived > (next?.boundAt ?? Infinity) + EXCUSED_MS - TOLERANCE_MS) return true;
  // From one run to the next, its age is that of the wall clock.
  const isMeanwhile = (instant: Millis = 0): boolean => instant > before.at && instant < arrived;
  return ledger.clockSetAt.some(isMeanwhile) && ledger.runs.some(({ startedAt }) => isMeanwhile(startedAt));
}

/** By when they were whole, at the first time that each is handed to somebody. */
function checkOrder(ledger: Ledger, phone: string): void {
  let last: { readonly order: number; readonly content: number } | undefined;
  const seen = new Set<string>();
  for (const emitted of ledger.emitted) {
    if (emitted.sms.from !== phone) continue;
    const key = `${emitted.sms.receivedAt} ${emitted.says}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const order = orderOf(ledger, emitted);
    if (order === undefined) continue;
    const { content } = emitted;
    if (last !== undefined && order < last.order)
      ledger.violated(`incoming SMS ${content} came before ${last.content}, and out after it`);
    last = { order, content };
  }
}

/** When an SMS was whole, among all that arrived; undefined where that is not sure. */
function orderOf(ledger: Ledger, { content, sms }: EmittedSms): number | undefined {
  const same = ledger.incoming.filter((incoming) => incoming.content === content);
  if (!sms.complete) return undefined;
  if (sms.segments > 1) {
    if (same.length > 1) return undefined;
    const orders = same[0]!.deliveries.map(({ sendings: [first, again] }) =>
      again === undefined ? first?.arrival?.order : undefined,
    );
    return orders.includes(undefined) ? undefined : Math.max(...(orders as number[]));
  }
  const [sending, ...others] = sendingsOf(same).filter(({ arrival }) => arrival?.wall === sms.receivedAt);
  if (sending?.answer?.status !== 0 || others.length > 0) return undefined;
  // One that may be a copy waits for what becomes of the other.
  const mayBeCopy = sendingsOf(same).some(
    ({ session, at, answer }) =>
      session !== sending.session &&
      at < sending.arrival!.at &&
      provenFrom(session, answer?.pdu ?? Infinity) > sending.arrival!.at,
  );
  return mayBeCopy ? undefined : sending.arrival!.order;
}

const AFTER: ReadonlySet<string> = new Set([
  'cut',
  'end',
  'restart',
  'silence',
  'blackhole',
  'redeploy',
  'crash',
]);

function noteRepeated(ledger: Ledger, all: readonly IncomingRecord[]): void {
  const firsts = all
    .map(({ deliveries: [first], texts }) => ({ first, isLong: texts.length > 1 }))
    .filter(({ first }) => first?.keptAt !== undefined);
  firsts.slice(1).forEach(({ first, isLong }, index) => {
    const { keptAt = 0, sendings } = firsts[index]!.first!;
    const [again] = first!.sendings;
    const session = sendings.at(-1)?.session;
    if (session === undefined || again === undefined || again.session === session) return;
    if (isLong) ledger.saw('the same long SMS said again, with its reference');
    const isOpen = (session.closedAt() ?? Infinity) > again.at;
    if (isOpen) ledger.saw('the same said again over the other link');
    for (const { at, kind } of ledger.faults) {
      if (!isOpen && at > keptAt && at < again.at && AFTER.has(kind))
        ledger.saw(`the same said again after ${kind}` as Situation);
    }
  });
}
