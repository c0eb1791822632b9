/** Whom the receipts of a long SMS speak of, and which of its segments its final receipt is. */
import assert from 'node:assert/strict';

import fc from 'fast-check';

import type { DeliveryReceipt } from '../../../lib/message.js';
import { isSettled, joinReceipt, type TrackedRecord } from '../../../lib/receipt/join-receipt.js';
import type { ParsedReceipt } from '../../../lib/receipt/parse-receipt.js';
import { type GatewayState, isFinalState } from '../../../lib/receipt/receipt-state.js';
import { received, runOf, trackedRecord, verdicts } from './builders.js';

const long = trackedRecord({ messageIds: ['a-1', 'a-2', 'a-3'] });

describe('joinReceipt of a long SMS', () => {
  it('takes a receipt for its own segment alone, however many it counts', () => {
    const [receipt, ...more] = verdicts(
      long,
      { messageId: 'a-1', sub: 3 },
      { messageId: 'a-2', sub: 3, state: 'UNDELIV' },
      { messageId: 'a-3', sub: 3 },
    );
    assert.deepEqual(
      [receipt?.state, receipt?.segments, more],
      ['UNDELIV', { total: 3, delivered: 2, failed: 1 }, []],
    );
  });

  for (const [what, sms] of [
    ['share one id', { messageIds: ['a-1', 'a-1'] }],
    ['have one id', { messageIds: ['', 'a-1'] }],
    ['share one id of a copy', { messageIds: ['b-1', 'b-2'], copies: [['a-1', 'a-1']] }],
    ['share one id in several letter cases', { messageIds: ['A-1', 'A-1'] }],
  ] as const) {
    it(`takes one receipt for all segments that ${what}`, () => {
      const [receipt] = verdicts(trackedRecord(sms), { messageId: 'a-1' });
      assert.deepEqual(receipt?.segments, { total: 2, delivered: 2, failed: 0 });
    });
  }

  it('takes a receipt for those segments that share its id', () => {
    const { record } = runOf(trackedRecord({ messageIds: ['a-1', 'a-1', 'a-2'] }), [{ messageId: 'a-1' }]);
    assert.deepEqual(
      record.reports.map((report) => report?.state),
      ['DELIVRD', 'DELIVRD', undefined],
    );
  });

  it('tells the ids of a copy apart from those that differ in letter case only', () => {
    const record = trackedRecord({ messageIds: ['A-2', 'A-1'], copies: [['a-1', 'a-2']] });
    const { reports } = joinReceipt(record, received({ messageId: 'a-1' })).record;
    assert.deepEqual(
      reports.map((report) => report?.state),
      ['DELIVRD', undefined],
    );
  });

  describe('says what one and the same segment says', () => {
    /** Each with its own words. */
    const said = (messageId: string, state: GatewayState, at = 1) =>
      ({ messageId, state, raw: `${messageId} ${state}`, submittedAt: at, doneAt: at + 1 }) as const;

    for (const [what, receipts, expected] of [
      ['that failed first', [said('a-1', 'UNDELIV'), said('a-2', 'DELIVRD'), said('a-3', 'DELIVRD')], 'a-1'],
      ['that failed last', [said('a-1', 'DELIVRD'), said('a-2', 'DELIVRD'), said('a-3', 'UNDELIV')], 'a-3'],
      ['that failed worst', [said('a-1', 'EXPIRED'), said('a-2', 'UNDELIV'), said('a-3', 'EXPIRED')], 'a-2'],
      [
        'that came last of those that failed alike',
        [said('a-2', 'UNDELIV'), said('a-1', 'UNDELIV'), said('a-3', 'DELIVRD')],
        'a-1',
      ],
      [
        'that came last of those delivered',
        [said('a-2', 'DELIVRD'), said('a-3', 'DELIVRD'), said('a-1', 'DELIVRD')],
        'a-1',
      ],
      [
        'as the gateway writes its id',
        [said('A-1', 'UNDELIV'), said('a-2', 'DELIVRD'), said('a-3', 'DELIVRD')],
        'A-1',
      ],
      [
        'though another is corrected meanwhile',
        [said('a-1', 'UNKNOWN'), said('a-2', 'UNKNOWN', 7), said('a-1', 'DELIVRD'), said('a-3', 'DELIVRD')],
        'a-2',
      ],
    ] as const) {
      it(what, () => {
        const last = verdicts(long, ...receipts).at(-1);
        const its = receipts.findLast(({ messageId }) => messageId === expected);
        const { messageId, state, raw, submittedAt, doneAt } = last!;
        assert.deepEqual({ messageId, state, raw, submittedAt, doneAt }, its);
      });
    }

    it('and no words at all where those of the segment were not kept', () => {
      const failed = trackedRecord({
        messageIds: ['a-1', 'a-2'],
        reports: [{ state: 'UNDELIV', errorNumber: 3 }, null],
      });
      const [receipt] = verdicts(failed, said('a-2', 'DELIVRD'));
      assert.deepEqual(
        [receipt?.messageId, receipt?.state, receipt?.errorCode, receipt?.raw, receipt?.doneAt],
        ['a-1', 'UNDELIV', -3, '', undefined],
      );
    });

    it('and keeps none of the text of the SMS for it', () => {
      const { record } = runOf(long, [
        { ...said('a-1', 'UNDELIV'), raw: 'id:a-1 stat:UNDELIV Text:Hi stat:x' },
      ]);
      assert.equal(record.failure?.raw, 'id:a-1 stat:UNDELIV');
    });

    it('and keeps its words no longer', () => {
      const { record } = runOf(long, [
        said('a-1', 'UNDELIV'),
        said('a-2', 'DELIVRD'),
        said('a-3', 'DELIVRD'),
      ]);
      assert.equal(record.failure, undefined);
    });
  });

  it('counts at most its segments where an earlier version kept what the gateway has of several submissions', () => {
    const halves = ['a-1', 'a-2', 'b-1', 'b-2', 'c-1'].map((messageId) => ({ messageId }));
    const kept = trackedRecord({ messageIds: ['', '', ''], halves, isHalf: true });
    const [receipt] = verdicts(kept, ...halves.slice(0, 4), { messageId: 'c-1', state: 'UNDELIV' });
    assert.deepEqual(
      [receipt?.state, receipt?.messageId, receipt?.segments],
      ['UNKNOWN', 'c-1', { total: 3, delivered: 3, failed: 0 }],
    );
  });

  describe('of which some segments have no id', () => {
    const nameless = trackedRecord({ messageIds: ['a-1', '', 'a-3'] });

    it('has its final receipt with the last that can come, and does not call it delivered', () => {
      const receipts = verdicts(nameless, { messageId: 'a-3' }, { messageId: 'a-1' });
      assert.deepEqual(
        receipts.map(({ state, delivered, isFinal, segments, messageId, raw }) => ({
          state,
          delivered,
          isFinal,
          segments,
          messageId,
          raw,
        })),
        [
          {
            state: 'UNKNOWN',
            delivered: false,
            isFinal: true,
            segments: { total: 3, delivered: 2, failed: 0 },
            messageId: 'a-1',
            raw: '',
          },
        ],
      );
    });

    it('has the worst state of the others', () => {
      const [receipt] = verdicts(nameless, { messageId: 'a-3', state: 'EXPIRED' }, { messageId: 'a-1' });
      assert.deepEqual([receipt?.state, receipt?.messageId], ['EXPIRED', 'a-3']);
    });

    it('is delivered after all when a copy tells their ids', () => {
      const { record } = runOf(nameless, [{ messageId: 'a-3' }, { messageId: 'a-1' }]);
      const [receipt] = verdicts({ ...record, copies: [['c-1', 'c-2', 'c-3']] }, { messageId: 'c-2' });
      assert.deepEqual([receipt?.state, receipt?.isFinal], ['DELIVRD', true]);
    });

    it('waits for those whose ids a copy tells', () => {
      const copied = { ...nameless, copies: [['c-1', 'c-2', 'c-3']] };
      assert.deepEqual(verdicts(copied, { messageId: 'a-3' }, { messageId: 'a-1' }), []);
    });
  });

  it('keeps its final state whatever comes for a segment', () => {
    const states = verdicts(
      trackedRecord({ messageIds: ['a-1', 'a-2'] }),
      { messageId: 'a-1', state: 'UNKNOWN' },
      { messageId: 'a-2', state: 'EXPIRED' },
      { messageId: 'a-1', state: 'UNDELIV' },
      { messageId: 'a-2', state: 'DELIVRD' },
      { messageId: 'a-1', state: 'ENROUTE' },
    ).map(({ state }) => state);
    assert.deepEqual(states, ['EXPIRED']);
  });

  describe('of an SMS that asked for receipts of failures only', () => {
    const onFailure = trackedRecord({ messageIds: ['a-1', 'a-2', 'a-3'], receipt: 'on-failure' });
    const outcomes = (...receipts: readonly Partial<ParsedReceipt>[]) =>
      verdicts(onFailure, ...receipts).map(({ messageId, state, raw }) => [messageId, state, raw]);

    it('says at the first failed segment that it failed, in the words of that one', () => {
      assert.deepEqual(outcomes({ messageId: 'a-2', state: 'EXPIRED', raw: 'two' }), [
        ['a-2', 'EXPIRED', 'two'],
      ]);
    });

    it('says it once, whatever follows', () => {
      const states = outcomes(
        { messageId: 'a-1' },
        { messageId: 'a-2', state: 'EXPIRED' },
        { messageId: 'a-3', state: 'ENROUTE' },
        { messageId: 'a-3', state: 'REJECTD' },
        { messageId: 'a-2', state: 'DELIVRD' },
      ).map(([, state]) => state);
      assert.deepEqual(states, ['EXPIRED']);
    });

    it('waits for nothing any more then', () => {
      assert.ok(isSettled(runOf(onFailure, [{ messageId: 'a-2', state: 'EXPIRED' }]).record));
    });

    it('says nothing while segments are delivered', () => {
      assert.deepEqual(outcomes({ messageId: 'a-1' }, { messageId: 'a-3' }), []);
    });

    it('says delivered to a gateway that tells so of every segment', () => {
      const states = outcomes({ messageId: 'a-1' }, { messageId: 'a-3' }, { messageId: 'a-2' });
      assert.deepEqual(
        states.map(([, state]) => state),
        ['DELIVRD'],
      );
    });

    it('corrects UNKNOWN by a segment of which more is known', () => {
      const states = outcomes(
        { messageId: 'a-1', state: 'UNKNOWN' },
        { messageId: 'a-2', state: 'ENROUTE' },
        { messageId: 'a-2', state: 'UNDELIV' },
      ).map(([, state]) => state);
      assert.deepEqual(states, ['UNKNOWN', 'UNDELIV']);
    });

    it('says nothing of segments without an id', () => {
      const nameless = { ...onFailure, messageIds: ['a-1', '', 'a-3'] };
      assert.deepEqual(verdicts(nameless, { messageId: 'a-1' }, { messageId: 'a-3' }), []);
    });

    it('gives each segment to those who ask for segments', () => {
      const { events } = runOf(onFailure, [
        { messageId: 'a-2', state: 'EXPIRED' },
        { messageId: 'a-3', state: 'UNDELIV' },
      ]);
      assert.deepEqual(
        events.map(({ scope, receipt }) => [scope, receipt.state]),
        [
          ['segment', 'EXPIRED'],
          ['message', 'EXPIRED'],
          ['segment', 'UNDELIV'],
        ],
      );
    });

    it('has the receipt of its only segment as with any other', () => {
      const short = trackedRecord({ receipt: 'on-failure' });
      assert.deepEqual(
        verdicts(short, { state: 'UNDELIV' }, { state: 'DELIVRD' }).map(({ state }) => state),
        ['UNDELIV'],
      );
    });
  });

  it('has one final receipt, in the words of one segment, whatever comes in whatever order', () => {
    fc.assert(
      fc.property(sms, receipts, (given, all) => {
        const { record, told } = outcome(given, all);
        const finals = told.filter(({ isFinal }) => isFinal);
        assert.deepEqual(told.slice(told.length - finals.length), finals);
        assert.ok(finals.slice(0, -1).every(({ state }) => state === 'UNKNOWN'));
        assert.equal(finals.length > 0, isSettled(record));
        for (const { messageId, state, raw } of finals) {
          if (raw !== '') assert.equal(raw.slice(raw.indexOf(' ') + 1), `${messageId} ${state}`);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('has it once every segment with an id has its own, or one has failed where that is enough', () => {
    fc.assert(
      fc.property(sms, receipts, (given, all) => {
        const { record, told } = outcome(given, all);
        const states = record.reports.map((report) => report?.state);
        const isOver = (state: GatewayState | undefined) => state !== undefined && isFinalState(state);
        const hasFailed = states.some((state) => isOver(state) && state !== 'DELIVRD');
        const isComplete = states.every((state, index) => given.messageIds[index] === '' || isOver(state));
        if (hasFailed && given.receipt === 'on-failure') assert.ok(isSettled(record));
        if (given.receipt === 'always' && states.some(isOver)) assert.equal(isSettled(record), isComplete);
        if (told.at(-1)?.delivered === true) assert.ok(states.every((state) => state === 'DELIVRD'));
      }),
      { numRuns: 500 },
    );
  });
});

const STATES = ['DELIVRD', 'UNDELIV', 'EXPIRED', 'UNKNOWN', 'ENROUTE', 'ACCEPTD'] as const;

const sms = fc.record({
  messageIds: fc.array(fc.constantFrom('a', 'a', 'b', 'c', 'B', ''), { minLength: 2, maxLength: 4 }),
  receipt: fc.constantFrom('always', 'on-failure'),
});

const receipts = fc.array(
  fc.record({ messageId: fc.constantFrom('a', 'b', 'c', 'B', 'C'), state: fc.constantFrom(...STATES) }),
);

/** What is known in the end, and what was told of the whole; each receipt is numbered in its text. */
function outcome(
  given: Partial<TrackedRecord>,
  all: readonly Pick<ParsedReceipt, 'messageId' | 'state'>[],
): { readonly record: TrackedRecord; readonly told: readonly DeliveryReceipt[] } {
  const ids = (given.messageIds ?? []).map((id) => id.toLowerCase());
  const its = all
    .filter(({ messageId }) => ids.includes(messageId.toLowerCase()))
    .map((parsed, index) => ({ ...parsed, raw: `${index} ${parsed.messageId} ${parsed.state}` }));
  const { record, events } = runOf(trackedRecord(given), its);
  return { record, told: events.flatMap(({ scope, receipt }) => (scope === 'message' ? [receipt] : [])) };
}
