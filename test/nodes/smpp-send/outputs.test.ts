import assert from 'node:assert/strict';
import type { SubmitResult } from '../../../lib/message.js';
import { outputsFor, payloadFor } from '../../../nodes/smpp-send/outputs.js';

/** With every property that a result may have. */
const RESULT: Required<SubmitResult> = {
  id: 'id',
  outcome: 'accepted',
  messageIds: ['m'],
  to: '4512345678',
  from: 'Demo',
  segments: 1,
  encoding: 'gsm7',
  substituted: [],
  possibleDuplicate: false,
  recovered: false,
  host: 'dk1',
  status: 'ESME_ROK',
  repeated: true,
  reason: 'none',
  queuedAt: 1,
  settledAt: 2,
  attempts: 1,
  correlation: 'ours',
};

describe('payloadFor', () => {
  it('has all of the result, and the correlation of the flow', () => {
    assert.deepEqual(payloadFor(RESULT, { order: 7 }), { ...RESULT, correlation: { order: 7 } });
  });

  it('has nothing that the result has not', () => {
    const { host: _host, status: _status, reason: _reason, substituted: _substituted, ...rest } = RESULT;
    const { repeated: _repeated, ...least } = rest;
    const { correlation: _correlation, ...without } = least;
    assert.deepEqual(payloadFor(least, undefined), without);
  });
});

describe('outputsFor', () => {
  it('keeps the msg', () => {
    const msg = { topic: 't' };
    assert.equal(outputsFor(msg, RESULT)[0], msg);
  });

  it('copies a msg that is frozen', () => {
    assert.deepEqual(outputsFor(Object.freeze({ topic: 't' }), RESULT), [
      { topic: 't', payload: RESULT },
      null,
    ]);
  });
});
