/** Deliveries, receipts and accepted SMS, each with what its case does not care about filled in. */
import type { Delivery, DeliveryReceipt } from '../../../lib/message.js';
import {
  type Joined,
  joinReceipt,
  type ReceivedReceipt,
  type TrackedRecord,
  type TrackedSms,
} from '../../../lib/receipt/join-receipt.js';
import type { ParsedReceipt } from '../../../lib/receipt/parse-receipt.js';

export const PHONE = '4512345678';
export const SENDER = 'Alarm';

/** The example on inMobile's page. */
export const EXAMPLE_ID = 'ble50673-f8b8-41e8-a143-07a43bb8c86b';
export const EXAMPLE = `id:${EXAMPLE_ID} sub:001 dlvrd:001 submit date:1911121314 done date:1911121314 stat:DELIVRD err:000`;

export function receiptDelivery(text: string, properties: Partial<Delivery> = {}): Delivery {
  return {
    from: PHONE,
    to: SENDER,
    octets: Buffer.from(text, 'latin1'),
    dataCoding: 0,
    kind: 'receipt',
    hasUserDataHeader: false,
    ...properties,
  };
}

export function receiptFor(messageId: string, stat = 'DELIVRD', rest = ' err:000'): Delivery {
  return receiptDelivery(`id:${messageId} sub:001 stat:${stat}${rest}`);
}

export function trackedSms(properties: Partial<TrackedSms> = {}): TrackedSms {
  return {
    id: 'sms-1',
    messageIds: ['a-1'],
    to: PHONE,
    from: SENDER,
    acceptedAt: Date.UTC(2026, 0, 1),
    receipt: 'always',
    ...properties,
  };
}

export function trackedRecord(properties: Partial<TrackedRecord> = {}): TrackedRecord {
  const sms = trackedSms(properties);
  return { ...sms, reports: sms.messageIds.map(() => null), overdueMs: 0, ...properties };
}

export function received(parsed: Partial<ParsedReceipt> = {}): ReceivedReceipt {
  return {
    parsed: { messageId: 'a-1', state: 'DELIVRD', raw: 'raw', ...parsed },
    phone: PHONE,
    sender: SENDER,
    receivedAt: Date.UTC(2026, 0, 2),
  };
}

/** Applies receipts one after the other. */
export function runOf(record: TrackedRecord, receipts: readonly Partial<ParsedReceipt>[]): Joined {
  let now = record;
  const events = receipts.flatMap((parsed) => {
    const joined = joinReceipt(now, received(parsed));
    now = joined.record;
    return joined.events;
  });
  return { record: now, events };
}

/** As `runOf`: the receipts for the whole SMS that they gave. */
export function verdicts(
  record: TrackedRecord,
  ...receipts: readonly Partial<ParsedReceipt>[]
): DeliveryReceipt[] {
  return runOf(record, receipts).events.flatMap(({ scope, receipt }) =>
    scope === 'message' ? [receipt] : [],
  );
}
