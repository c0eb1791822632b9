import assert from 'node:assert/strict';
import { decodePdu } from '../../../lib/pdu/decode.js';
import { bound, enquireLink } from '../../lib/session/builders.js';
import { HOSTILE_PDUS, type Fate } from './hostile-pdus.js';
import { takeIn, type TakenIn } from './take-in.js';

const AFTERWARDS = 4_711;

function fateOf({ session, deliveries, answers }: TakenIn): Fate {
  if (session.state === 'closed') return 'ended';
  if (deliveries.some(({ from, kind }) => from === '' && kind === 'other')) return 'kept';
  const answer = answers[0] && decodePdu(answers[0]);
  if (answer?.command === 'generic_nack') return 'refused';
  return answer === undefined ? 'ignored' : 'read';
}

describe('a hostile PDU', () => {
  for (const { name, octets, fate } of HOSTILE_PDUS) {
    it(`with ${name} is ${fate}`, () => {
      assert.equal(fateOf(takeIn(bound(), [octets])), fate);
    });
  }

  for (const { name, octets, fate } of HOSTILE_PDUS.filter((one) => one.fate !== 'ended')) {
    it(`with ${name} (${fate}) leaves the session able to read the next`, () => {
      const { answers } = takeIn(bound(), [octets, enquireLink(AFTERWARDS)]);
      const last = decodePdu(answers.at(-1)!);
      assert.deepEqual([last.command, last.sequence_number], ['enquire_link_resp', AFTERWARDS]);
    });
  }

  it('comes to the log without a control character', () => {
    const remarks = HOSTILE_PDUS.flatMap(({ octets }) => takeIn(bound(), [octets]).remarks);
    assert.deepEqual(
      remarks.filter((remark) => !/^[\x20-\x7e]+$/.test(remark)),
      [],
    );
  });
});
