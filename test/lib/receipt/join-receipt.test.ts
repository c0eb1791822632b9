import assert from 'node:assert/strict';

import fc from 'fast-check';

import { PUBLISHED_ERRORS, statusCode } from '../../../lib/inmobile.js';
import {
  isSettled,
  joinReceipt,
  overdueReceipt,
  unmatchedEvents,
} from '../../../lib/receipt/join-receipt.js';
import type { GatewayState } from '../../../lib/receipt/receipt-state.js';
import { PHONE, received, runOf, SENDER, trackedRecord, verdicts } from './builders.js';

const STATES: readonly GatewayState[] = [
  'ENROUTE',
  'DELIVRD',
  'EXPIRED',
  'DELETED',
  'UNDELIV',
  'ACCEPTD',
  'UNKNOWN',
  'REJECTD',
];

const long = trackedRecord({ messageIds: ['a-1', 'a-2', 'a-3'] });

describe('joinReceipt', () => {
  it('gives the receipt of a short SMS whole', () => {
    const record = trackedRecord({ correlation: { order: 7 } });
    const parsed = {
      state: 'UNDELIV',
      errorNumber: 5,
      errorRaw: '005',
      submittedAt: 1,
      doneAt: 2,
      raw: 'text',
    } as const;
    assert.deepEqual(verdicts(record, parsed), [
      {
        id: 'sms-1',
        messageId: 'a-1',
        state: 'UNDELIV',
        delivered: false,
        isFinal: true,
        errorCode: -5,
        errorText: 'Delivery timeout',
        errorClass: 'expired',
        to: PHONE,
        from: SENDER,
        segments: { total: 1, delivered: 0, failed: 1 },
        submittedAt: 1,
        doneAt: 2,
        receivedAt: Date.UTC(2026, 0, 2),
        matched: true,
        correlation: { order: 7 },
        raw: 'text',
      },
    ]);
  });

  for (const state of STATES) {
    it(`calls ${state} ${state === 'DELIVRD' ? '' : 'not '}delivered`, () => {
      assert.equal(verdicts(trackedRecord(), { state })[0]?.delivered, state === 'DELIVRD');
    });

    it(`calls ${state} ${state === 'ENROUTE' || state === 'ACCEPTD' ? 'not ' : ''}final`, () => {
      assert.equal(
        verdicts(trackedRecord(), { state })[0]?.isFinal,
        state !== 'ENROUTE' && state !== 'ACCEPTD',
      );
    });
  }

  it('says every published code in inMobile’s words', () => {
    for (const errorNumber of PUBLISHED_ERRORS) {
      const { errorCode, errorText, errorClass } = verdicts(trackedRecord(), {
        state: errorNumber === 0 ? 'DELIVRD' : 'UNDELIV',
        errorNumber,
      })[0]!;
      assert.deepEqual({ errorCode, errorText, errorClass }, statusCode(errorNumber));
    }
  });

  it('passes a code that is not in the table through', () => {
    const [receipt] = verdicts(trackedRecord(), { state: 'UNDELIV', errorNumber: 777 });
    assert.deepEqual([receipt?.errorCode, receipt?.errorClass], [-777, 'unknown']);
  });

  it('does not call an unreadable code "no error"', () => {
    assert.equal(verdicts(trackedRecord(), { errorRaw: 'abc' })[0]?.errorClass, 'unknown');
  });

  for (const [state, errorClass] of [
    ['DELIVRD', 'none'],
    ['ENROUTE', 'none'],
    ['ACCEPTD', 'none'],
    ['EXPIRED', 'expired'],
    ['UNKNOWN', 'unknown'],
    ['UNDELIV', 'failed'],
    ['REJECTD', 'failed'],
    ['DELETED', 'failed'],
  ] as const) {
    it(`calls ${state} with the code "no error" ${errorClass}`, () => {
      const [receipt] = verdicts(trackedRecord(), { state, errorNumber: 0 });
      assert.deepEqual([receipt?.errorCode, receipt?.errorClass], [0, errorClass]);
      const [unmatched] = unmatchedEvents(received({ state, errorNumber: 0 }));
      assert.equal(unmatched?.receipt.errorClass, errorClass);
    });
  }

  it('says of a failure without a code that it is unknown', () => {
    assert.equal(verdicts(trackedRecord(), { state: 'EXPIRED' })[0]?.errorClass, 'unknown');
  });

  describe('of a long SMS', () => {
    it('says delivered when every segment is', () => {
      const last = verdicts(long, { messageId: 'a-2' }, { messageId: 'a-1' }, { messageId: 'a-3' }).at(-1);
      assert.deepEqual([last?.state, last?.delivered, last?.isFinal], ['DELIVRD', true, true]);
    });

    it('says nothing of the whole when the gateway speaks of some segments only', () => {
      assert.deepEqual(verdicts(long, { messageId: 'a-2' }, { messageId: 'a-1' }), []);
    });

    it('is on its way, said once, when the gateway says so of its segments', () => {
      const onTheWay = { state: 'ENROUTE' } as const;
      const receipts = verdicts(long, { messageId: 'a-1', ...onTheWay }, { messageId: 'a-2', ...onTheWay });
      assert.deepEqual(
        receipts.map(({ state }) => state),
        ['ENROUTE'],
      );
    });

    it('counts the segments', () => {
      const last = verdicts(
        long,
        { messageId: 'a-1' },
        { messageId: 'a-2', state: 'EXPIRED' },
        { messageId: 'a-3' },
      ).at(-1);
      assert.deepEqual(last?.segments, { total: 3, delivered: 2, failed: 1 });
    });

    it('has the worst state of its segments, with its code', () => {
      const last = verdicts(
        long,
        { messageId: 'a-1', state: 'EXPIRED', errorNumber: 5 },
        { messageId: 'a-2', state: 'UNDELIV', errorNumber: 3 },
        { messageId: 'a-3' },
      ).at(-1);
      assert.deepEqual([last?.state, last?.errorCode], ['UNDELIV', -3]);
    });

    it('waits for the last segment also when one has failed', () => {
      const receipts = verdicts(long, { messageId: 'a-1', state: 'UNDELIV' }, { messageId: 'a-2' });
      assert.equal(
        receipts.some(({ isFinal }) => isFinal),
        false,
      );
    });

    it('tells each segment apart', () => {
      const { events } = runOf(long, [{ messageId: 'a-2' }, { messageId: 'a-3', state: 'EXPIRED' }]);
      const segments = events
        .filter(({ scope }) => scope === 'segment')
        .map(({ receipt }) => [receipt.messageId, receipt.state]);
      assert.deepEqual(segments, [
        ['a-2', 'DELIVRD'],
        ['a-3', 'EXPIRED'],
      ]);
    });

    it('tells ids apart that differ in letter case only', () => {
      const record = trackedRecord({ messageIds: ['a-1', 'A-1'] });
      assert.deepEqual(joinReceipt(record, received({ messageId: 'A-1' })).record.reports[0], null);
    });

    it('takes an id in another letter case', () => {
      assert.equal(joinReceipt(long, received({ messageId: 'A-2' })).record.reports[1]?.state, 'DELIVRD');
    });
  });

  it('names the phone and our sender where our own record has lost them', () => {
    const { record, events } = joinReceipt(trackedRecord({ to: '', from: '' }), received());
    assert.deepEqual(
      [record, ...events.map(({ receipt }) => receipt)].map(({ to, from }) => [to, from]),
      [1, 2, 3].map(() => [PHONE, SENDER]),
    );
  });

  it('says nothing of a receipt that came before', () => {
    assert.deepEqual(verdicts(trackedRecord(), {}, {}).length, 1);
  });

  it('says nothing of a state that comes after the final one', () => {
    const states = verdicts(
      trackedRecord(),
      { state: 'DELIVRD' },
      { state: 'ENROUTE' },
      { state: 'UNDELIV' },
    );
    assert.deepEqual(
      states.map(({ state }) => state),
      ['DELIVRD'],
    );
  });

  it('says every step that is not final', () => {
    const states = verdicts(
      trackedRecord(),
      { state: 'ACCEPTD' },
      { state: 'ENROUTE' },
      { state: 'DELIVRD' },
    );
    assert.deepEqual(
      states.map(({ state }) => state),
      ['ACCEPTD', 'ENROUTE', 'DELIVRD'],
    );
  });

  it('corrects UNKNOWN by a final state that knows more', () => {
    const states = verdicts(
      trackedRecord(),
      { state: 'UNKNOWN' },
      { state: 'ENROUTE' },
      { state: 'DELIVRD' },
    );
    assert.deepEqual(
      states.map(({ state }) => state),
      ['UNKNOWN', 'DELIVRD'],
    );
  });

  it('gives one final receipt for the SMS, after the last of its segments, in any order', () => {
    const finals = fc.constantFrom(
      'DELIVRD' as const,
      'EXPIRED' as const,
      'UNDELIV' as const,
      'REJECTD' as const,
    );
    const segments = fc
      .integer({ min: 1, max: 6 })
      .chain((count) =>
        fc.tuple(
          fc.array(finals, { minLength: count, maxLength: count }),
          fc.array(fc.nat(count - 1), { maxLength: 20 }),
          fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
        ),
      );
    fc.assert(
      fc.property(segments, ([states, early, order]) => {
        const messageIds = states.map((_, index) => `m-${index}`);
        // Some segments' receipts come many times before the rest; then all come, in some order.
        const receipts = [...early, ...order].map((index) => ({
          messageId: `m-${index}`,
          state: states[index]!,
        }));
        const { record, events } = runOf(trackedRecord({ messageIds }), receipts);
        const final = events.filter(({ scope, receipt }) => scope === 'message' && receipt.isFinal);
        assert.equal(final.length, 1);
        assert.equal(
          final[0]?.receipt.delivered,
          states.every((state) => state === 'DELIVRD'),
        );
        assert.ok(isSettled(record));
      }),
    );
  });
});

describe('unmatchedEvents', () => {
  it('names the phone and our sender, and no SMS of ours', () => {
    const { id, to, from, matched } = unmatchedEvents(received())[0]!.receipt;
    assert.deepEqual({ id, to, from, matched }, { id: undefined, to: PHONE, from: SENDER, matched: false });
  });

  it('serves both scopes', () => {
    assert.deepEqual(
      unmatchedEvents(received()).map(({ scope }) => scope),
      ['segment', 'message'],
    );
  });
});

describe('overdueReceipt', () => {
  it('says that no final receipt came', () => {
    const { state, delivered, isFinal, matched } = overdueReceipt(long, 600_000, 5);
    assert.deepEqual(
      { state, delivered, isFinal, matched },
      { state: 'NORECEIPT', delivered: false, isFinal: false, matched: true },
    );
  });
});
