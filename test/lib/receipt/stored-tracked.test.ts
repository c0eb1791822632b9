/** What is stored of an accepted SMS, read back from JSON. */
import assert from 'node:assert/strict';
import type { TrackedRecord } from '../../../lib/receipt/join-receipt.js';
import { storedTracked, trackedOf } from '../../../lib/receipt/stored-tracked.js';
import { runOf } from './builders.js';

const RECORD: TrackedRecord = {
  id: 'sms-1',
  messageIds: ['m-1'],
  to: '4512345678',
  from: 'Shop',
  acceptedAt: 1,
  receipt: 'always',
  reports: [null],
  overdueMs: 0,
};

const asRead = (stored: unknown): unknown => JSON.parse(JSON.stringify(stored));

describe('a stored SMS whose receipts are to come', () => {
  const variants: readonly Partial<TrackedRecord>[] = [
    {},
    { receipt: 'on-failure' },
    { overdueMs: 60_000 },
    { correlation: null },
    { correlation: { of: 'mine' }, reports: [{ state: 'DELIVRD', errorNumber: 0 }], said: 'DELIVRD' },
    { reports: [{ state: 'DELIVRD', errorNumber: 0 }], said: 'DELIVRD' },
    { reports: [{ state: 'DELIVRD' }], said: 'DELIVRD' },
    { reports: [{ state: 'UNDELIV', errorNumber: -12 }], said: 'UNDELIV' },
    { reports: [{ state: 'UNDELIV', errorNumber: 0, errorRaw: 'x' }], said: 'UNDELIV' },
    { messageIds: ['m-1', 'm-2'], reports: [null, null] },
    {
      messageIds: ['m-1', 'm-2'],
      reports: [{ state: 'UNDELIV', errorNumber: 3 }, null],
      failure: { segment: 0, messageId: 'M-1', raw: 'id:M-1', submittedAt: 1, doneAt: 2 },
    },
    { messageIds: ['m-1', 'm-2'], reports: [{ state: 'DELIVRD', errorNumber: 0 }, null] },
    {
      messageIds: ['m-1', 'm-2'],
      reports: [{ state: 'ENROUTE', errorNumber: 0 }, null],
      said: 'ENROUTE',
    },
    {
      messageIds: ['m-1', 'm-2'],
      reports: [
        { state: 'DELIVRD', errorNumber: 0 },
        { state: 'DELIVRD', errorNumber: 0 },
      ],
      said: 'DELIVRD',
    },
  ];
  for (const fields of variants) {
    it(`is as it was with ${JSON.stringify(fields)}`, () => {
      const record = { ...RECORD, ...fields };
      assert.deepEqual(trackedOf(record.id, asRead(storedTracked(record))), record);
    });
  }

  it('is no more than its state once it is delivered', () => {
    const fresh = { ...RECORD, messageIds: ['m-1', 'm-2'], reports: [null, null] };
    const delivery = { state: 'DELIVRD', errorNumber: 0, errorRaw: '000' } as const;
    const { record } = runOf(fresh, [
      { messageId: 'm-1', ...delivery },
      { messageId: 'm-2', ...delivery },
    ]);
    assert.deepEqual(storedTracked(record), [['m-1', 'm-2'], '4512345678', 'Shop', 1, 'DELIVRD']);
  });

  it('is none of ours when it is anything else', () => {
    const values = [undefined, null, 'accepted', [], ['m-1'], { id: 'sms-1' }];
    assert.deepEqual(
      values.map((value) => trackedOf('sms-1', value)),
      values.map(() => undefined),
    );
  });
});
