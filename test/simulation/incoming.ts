/** An SMS from a phone, in one part or several, handed to the model of the gateway. */
import type { Millis } from '../../lib/clock.js';
import type { Chance } from './chance.js';
import { SOURCE_MAX } from './flaws.js';
import type { IncomingRecord } from './ledger.js';
import { partFields } from './message-octets.js';
import type { IncomingPlan } from './plan-incoming.js';
import type { Smsc } from './smsc.js';

/** A phone that says the same long text again does so once the first was delivered, and looks so often whether it was. */
const AGAIN_MS: Millis = 1_000;

/** Tells what is said but once from what is said again. */
const PHRASES_FROM = 100_000;

export function sendIncoming(smsc: Smsc, plan: IncomingPlan, chance: Chance): void {
  const { ledger, mailbox, time } = smsc;
  const number = ledger.incoming.length;
  const { flaws } = smsc;
  const isLongSource = plan.phone === undefined && flaws.chance.happens(flaws.share / 4);
  const phone = plan.phone ?? `4570${100_000 + number}`.padEnd(isLongSource ? SOURCE_MAX + 1 : 0, '0');
  const content = contentOf(smsc, plan);
  // The parts of both would be parts of one.
  const isUnderWay = ({ deliveries }: IncomingRecord): boolean =>
    deliveries.some(({ keptAt }) => keptAt === undefined);
  const same = ledger.incoming.filter((other) => other.content === content);
  if (plan.parts > 1 && same.some(isUnderWay)) {
    time.schedule(AGAIN_MS, 'elsewhere', () => sendIncoming(smsc, plan, chance));
    return;
  }
  const texts = Array.from({ length: plan.parts }, (_, part) => `(${content}.${part})`);
  const { missing, mix } = plan;
  const record: IncomingRecord = { content, phone, texts, missing, mix, deliveries: [] };
  if (mix !== 'plain') ledger.saw(`incoming long SMS, its parts differ: ${mix}`);
  ledger.incoming.push(record);
  if (plan.missing !== undefined) ledger.saw('incoming long SMS, a part missing');
  const parts = texts.map((text, part) => ({ text, part })).filter(({ part }) => part !== plan.missing);
  if (plan.isShuffled && parts.length > 1) {
    ledger.saw('incoming long SMS, parts out of order');
    parts.reverse();
  }
  for (const { text, part } of parts) {
    const place = { reference: content & 0xff, total: plan.parts, sequence: part + 1 };
    const fields = { ...partFields(text, place, plan), source_addr: phone };
    const flaw = isLongSource ? 'a source_addr of 21' : undefined;
    const delayMs = 1 + chance.between(0, 3_000) * (plan.parts > 1 ? 1 : 0);
    record.deliveries.push(mailbox.add({ kind: 'sms', says: text }, fields, { delayMs, flaw }));
  }
  if (ledger.incoming.length > 40) ledger.saw('flood of incoming SMS');
}

/** By phone and words, of those that are said again; else a number of its own. */
function contentOf({ ledger }: Smsc, { phone, phrase }: IncomingPlan): number {
  if (phrase === undefined) return ledger.incoming.length;
  return PHRASES_FROM + 100 * (Number(phone) % 10_000) + phrase;
}
