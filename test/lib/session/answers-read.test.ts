/** When a session knows that the peer has read its answers to deliver_sm. */
import assert from 'node:assert/strict';

import * as build from './builders.js';
import { bound, kinds, segments, written, type Effects } from './builders.js';
import type { Session } from '../../../lib/session/session.js';

describe('Session · answers to deliver_sm', () => {
  it('are numbered in the order in which they are written', () => {
    const session = bound();
    session.receive(Buffer.concat([build.deliverSm(7), build.deliverSm(8)]), 0);
    session.respond(8, 0, 1);
    assert.equal(session.answersWritten, 1);
    session.respond(7, 0, 1);
    assert.equal(session.answersWritten, 2);
  });

  it('have been read by a peer that answers a submit_sm that was written after them', () => {
    const session = bound();
    answer(session, 1);
    session.submit(segments(1), 'batch', 10);
    assert.deepEqual(readUpTo(session.receive(build.submitResp(2), 20)), [1]);
  });

  it('may not have been read by a peer that answers one that was written before them', () => {
    const session = bound();
    session.submit(segments(1), 'batch', 0);
    answer(session, 1);
    assert.deepEqual(readUpTo(session.receive(build.submitResp(2), 20)), []);
  });

  it('have been read as far as they were written before the request, whatever the order of the responses', () => {
    const session = bound();
    for (const number of [1, 2, 3]) {
      answer(session, number);
      session.submit(segments(1), 'batch', number);
    }
    assert.deepEqual(readUpTo(session.receive(build.submitResp(3), 20)), [2]);
    assert.deepEqual(readUpTo(session.receive(build.submitResp(2), 21)), []);
    assert.deepEqual(readUpTo(session.receive(build.submitResp(4), 22)), [3]);
  });

  it('are said to be read once for all that comes together', () => {
    const session = bound();
    answer(session, 1);
    session.submit(segments(1), 'batch', 1);
    answer(session, 2);
    session.submit(segments(1), 'batch', 2);
    const both = Buffer.concat([build.submitResp(2), build.submitResp(3)]);
    assert.deepEqual(readUpTo(session.receive(both, 3)), [2]);
  });

  for (const [what, response] of [
    ['a refusal', build.submitResp(2, 0x58)],
    ['generic_nack', build.nack(2, 8)],
  ] as const) {
    it(`have been read by a peer that answers with ${what}`, () => {
      const session = bound();
      answer(session, 1);
      session.submit(segments(1), 'batch', 1);
      assert.deepEqual(readUpTo(session.receive(response, 2)), [1]);
    });
  }

  it('have been read by a peer that answers a submit_sm late', () => {
    const session = bound();
    answer(session, 1);
    session.submit(segments(1), 'batch', 1);
    session.receive(build.enquireLink(9), 29_000);
    assert.deepEqual(kinds(session.tick(30_001)), ['overdue']);
    assert.deepEqual(readUpTo(session.receive(build.submitResp(2), 31_000)), [1]);
  });

  it('are not read for all that the peer asks of us, or delivers', () => {
    const session = bound();
    answer(session, 1);
    session.submit(segments(1), 'batch', 1);
    const chunk = Buffer.concat([build.enquireLink(5), build.deliverSm(6), build.submitResp(77)]);
    assert.deepEqual(readUpTo(session.receive(chunk, 2)), []);
  });

  for (const bind of ['transceiver', 'receiver'] as const) {
    it(`are followed by enquire_link after 1 s without another request (${bind})`, () => {
      const session = bound({ bind });
      answer(session, 1, 100);
      assert.equal(session.nextDeadline, 1_100);
      assert.deepEqual(session.tick(1_099), []);
      const [enquiry] = written(session.tick(1_100));
      assert.equal(enquiry?.command, 'enquire_link');
      assert.deepEqual(readUpTo(session.receive(enquireLinkResp(enquiry.sequence_number), 1_150)), [1]);
    });
  }

  it('are followed by no enquire_link when a submit_sm did', () => {
    const session = bound();
    answer(session, 1, 100);
    session.submit(segments(1), 'batch', 200);
    assert.equal(session.nextDeadline, 10_200);
  });

  it('are followed by enquire_link when SMPP could not carry the submit_sm after them', () => {
    const session = bound();
    answer(session, 1, 100);
    session.submit([build.aSegment('1'.repeat(21))], 'batch', 200);
    assert.equal(session.nextDeadline, 1_100);
  });

  it('have been read by a peer that answers our unbind, which is said before the end', () => {
    const session = bound();
    answer(session, 1);
    const [unbind] = written(session.leave(10));
    const effects = session.receive(build.header(0x80000006, unbind!.sequence_number), 20);
    assert.deepEqual(kinds(effects), ['answersRead', 'closed']);
  });

  it('may not have been read when they were written after our unbind', () => {
    const session = bound();
    const [unbind] = written(session.leave(0));
    answer(session, 1, 1);
    const effects = session.receive(build.header(0x80000006, unbind!.sequence_number), 20);
    assert.deepEqual(kinds(effects), ['closed']);
  });

  it('may not have been read by a peer that sends unbind, or closes, unless it answers what followed them', () => {
    const session = bound();
    answer(session, 1);
    assert.deepEqual(readUpTo([...session.receive(build.unbind(9), 1), ...session.disconnected()]), []);
  });
});

/** The session delivers a deliver_sm, and answers it at once. */
function answer(session: Session<string>, sequence_number: number, now = 0): void {
  session.receive(build.deliverSm(sequence_number), now);
  session.respond(sequence_number, 0, now);
}

function readUpTo(effects: Effects): number[] {
  return effects.flatMap((effect) => (effect.kind === 'answersRead' ? [effect.upTo] : []));
}

function enquireLinkResp(sequence_number: number): Buffer {
  return build.header(0x80000015, sequence_number);
}
