import assert from 'node:assert/strict';
import { checkSms, type SmppError } from '../../../lib/gateway.js';
import { senderProblem } from '../../../nodes/shared/sender.editor.js';

/** Whether the library takes the sender. */
function isTaken(from: string): boolean {
  try {
    checkSms({ to: '4512345678', from, text: 'x' });
    return true;
  } catch (error) {
    assert.equal((error as SmppError).field, 'from');
    return false;
  }
}

describe('senderProblem', () => {
  const senders = [
    'inMobile',
    'Eleven char',
    'Twelve chars',
    '1245',
    '+45 12 34 56 78',
    '1'.repeat(15),
    '1'.repeat(16),
  ];
  for (const sender of [...senders, 'Ærø', 'Tab\there', 'A & B', '00451234567890123456']) {
    it(`agrees with the library about ${JSON.stringify(sender)}`, () => {
      assert.equal(senderProblem(sender) === undefined, isTaken(sender));
    });
  }

  it('leaves an empty sender to the msg', () => {
    assert.equal(senderProblem(''), undefined);
  });
});
