/** An SMS from a phone, in one part or several, handed to the model of the gateway. */
import type { Chance } from './chance.js';
import type { IncomingRecord } from './ledger.js';
import { partFields } from './message-octets.js';
import type { IncomingPlan } from './plan.js';
import type { Smsc } from './smsc.js';

export function sendIncoming(smsc: Smsc, plan: IncomingPlan, chance: Chance): void {
  const { ledger, mailbox } = smsc;
  const number = ledger.incoming.length;
  const texts = Array.from({ length: plan.parts }, (_, part) => `(${number}.${part})`);
  const record: IncomingRecord = { number, texts, missing: plan.missing, deliveries: [], emitted: [] };
  ledger.incoming.push(record);
  if (plan.missing !== undefined) ledger.saw('incoming long SMS, a part missing');
  const parts = texts.map((text, part) => ({ text, part })).filter(({ part }) => part !== plan.missing);
  if (plan.isShuffled && parts.length > 1) {
    ledger.saw('incoming long SMS, parts out of order');
    parts.reverse();
  }
  for (const { text, part } of parts) {
    const place = { reference: number & 0xff, total: plan.parts, sequence: part + 1 };
    const fields = { ...partFields(text, place, plan.carrier), source_addr: `4570${100_000 + number}` };
    const delayMs = 1 + chance.between(0, 3_000) * (plan.parts > 1 ? 1 : 0);
    record.deliveries.push(mailbox.add({ kind: 'sms', says: text }, fields, { delayMs }));
  }
  if (ledger.incoming.length > 40) ledger.saw('flood of incoming SMS');
}
