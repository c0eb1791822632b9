/** What is stored of an SMS, read back from JSON. */
import assert from 'node:assert/strict';
import type { SubmitResult } from '../../../lib/message.js';
import type { OutboxEntry } from '../../../lib/outbox/entry.js';
import { readSms } from '../../../lib/outbox/read-sms.js';
import { entryOf, storedEntry } from '../../../lib/outbox/stored-entry.js';
import { readResult, storedResult } from '../../../lib/outbox/stored-result.js';
import { aResult } from './builders.js';

const asRead = (stored: unknown): unknown => JSON.parse(JSON.stringify(stored));

const { entry: ENTRY } = readSms({ to: '4512345678', from: 'Shop', text: 'Hej æøå' }, 'sms-1', 1);

const RESULT = aResult({ messageIds: ['m-1', 'm-2'] });

const substituted = [{ from: '’', to: "'", index: 1 }];

describe('a stored SMS', () => {
  const unusual: readonly Partial<OutboxEntry>[] = [
    {},
    { encoding: 'ucs2' },
    { flash: true },
    { longMessage: 'udh16' },
    { receipt: 'never' },
    { priority: 'alarm' },
    { sendAt: 3 },
    { validityMs: 60_000 },
    { onUncertain: 'report' },
    { dedupeKey: 'k', dedupeMs: 5 },
    { correlation: null },
    { substituted, correlation: { of: 'mine' } },
  ];
  for (const fields of unusual) {
    it(`is as it was with ${JSON.stringify(fields)}`, () => {
      const entry = { ...ENTRY, ...fields };
      assert.deepEqual(entryOf(entry.id, asRead(storedEntry(entry))), entry);
    });
  }
});

describe('a stored result', () => {
  const unusual: readonly Partial<SubmitResult>[] = [
    {},
    { host: 'smpp1.example' },
    { encoding: 'ucs2', attempts: 3 },
    { possibleDuplicate: true },
    { outcome: 'rejected', messageIds: [], status: 'ESME_RINVDSTADR', reason: 'no such number' },
    { correlation: false },
    { substituted, correlation: 'mine' },
  ];
  for (const fields of unusual) {
    it(`is as it was, recovered, with ${JSON.stringify(fields)}`, () => {
      const result = { ...RESULT, ...fields };
      assert.deepEqual(readResult(result.id, asRead(storedResult(result)), true), {
        ...result,
        recovered: true,
      });
    });
  }
});
