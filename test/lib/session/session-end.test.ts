/** How a session ends: by our leave, the peer's unbind, silence, a lost connection. */
import assert from 'node:assert/strict';

import { STATUS } from '../../../lib/pdu/command-status.js';
import * as build from './builders.js';
import { aSession, bound, kinds, said, segments, written } from './builders.js';

const CLOSED = (reason: string) => [{ kind: 'closed', reason, status: undefined }];

describe('Session · leave', () => {
  it('unbinds at once when nothing is under way, and closes on the answer', () => {
    const session = bound();
    const effects = session.leave(0);
    assert.deepEqual(said(effects), [{ kind: 'leaving', isPeersWish: false }]);
    assert.deepEqual(written(effects), [{ command: 'unbind', sequence_number: 2 }]);
    const answer = resp('unbind_resp', 2);
    assert.deepEqual(said(session.receive(answer, 1)), CLOSED('left'));
  });

  it('takes no more submits, and waits for the answers under way before it unbinds', () => {
    const session = bound();
    session.submit(segments(2), 'batch', 0);
    assert.deepEqual(written(session.leave(10)), []);
    assert.equal(session.capacity, 0);
    assert.deepEqual(kinds(session.receive(build.submitResp(2), 20)), ['answered']);
    const last = session.receive(build.submitResp(3), 30);
    assert.deepEqual(kinds(last), ['answered', 'write']);
    assert.equal(written(last)[0]?.command, 'unbind');
  });

  it('waits for a deliver_sm of theirs to be answered before it unbinds', () => {
    const session = bound();
    session.receive(build.deliverSm(9), 0);
    assert.deepEqual(written(session.leave(0)), []);
    assert.deepEqual(
      written(session.respond(9, 0, 5)).map((pdu) => pdu.command),
      ['deliver_sm_resp', 'unbind'],
    );
  });

  it('waits 3 s for the answers, then unbinds, then 1 s for unbind_resp', () => {
    const session = bound();
    session.submit(segments(1), 'batch', 0);
    session.leave(100);
    assert.deepEqual(session.tick(3_099), []);
    assert.deepEqual(
      written(session.tick(3_100)).map((pdu) => pdu.command),
      ['unbind'],
    );
    assert.deepEqual(session.tick(4_099), []);
    assert.deepEqual(kinds(session.tick(4_100)), ['unanswered', 'closed']);
  });

  it('takes answers and deliveries that come after its unbind', () => {
    const session = bound();
    session.submit(segments(1), 'batch', 0);
    session.leave(0);
    session.tick(3_000);
    const late = Buffer.concat([build.submitResp(2), build.deliverSm(8)]);
    assert.deepEqual(kinds(session.receive(late, 3_100)), ['answered', 'delivered']);
  });

  it('is left by the end of the connection too', () => {
    const session = bound();
    session.leave(0);
    assert.deepEqual(said(session.disconnected()), CLOSED('left'));
  });

  it('is over at once when it was not bound', () => {
    const session = aSession();
    session.bind(0);
    assert.deepEqual(session.leave(0), CLOSED('left'));
  });

  it('does nothing a second time', () => {
    const session = bound();
    session.leave(0);
    assert.deepEqual(session.leave(1), []);
  });
});

describe("Session · the peer's unbind", () => {
  it('is answered, ends the submits, and is said', () => {
    const session = bound();
    const effects = session.receive(build.unbind(40), 0);
    assert.deepEqual(written(effects), [{ command: 'unbind_resp', sequence_number: 40, command_status: 0 }]);
    assert.deepEqual(said(effects), [{ kind: 'leaving', isPeersWish: true }]);
    assert.equal(session.capacity, 0);
  });

  it('is followed by the answers that were under way, until the connection ends', () => {
    const session = bound();
    session.submit(segments(2), 'batch', 0);
    session.receive(build.unbind(40), 10);
    assert.deepEqual(kinds(session.receive(build.submitResp(2), 20)), ['answered']);
    assert.deepEqual(kinds(session.disconnected()), ['unanswered', 'closed']);
  });

  it('is given 2 s to be followed by the end of the connection', () => {
    const session = bound();
    session.receive(build.unbind(40), 10);
    assert.deepEqual(session.tick(2_009), []);
    assert.deepEqual(said(session.tick(2_010)), CLOSED('unbound'));
  });

  it('is answered each time, but has no more time for being said again', () => {
    const session = bound();
    session.receive(build.unbind(40), 0);
    const effects = session.receive(build.unbind(41), 1_500);
    assert.deepEqual(written(effects), [{ command: 'unbind_resp', sequence_number: 41, command_status: 0 }]);
    assert.deepEqual(said(effects), []);
    assert.equal(session.nextDeadline, 2_000);
  });

  it('takes the place of our own leave', () => {
    const session = bound();
    session.submit(segments(1), 'batch', 0);
    session.leave(0);
    session.receive(build.unbind(40), 0);
    assert.deepEqual(kinds(session.receive(build.submitResp(2), 1)), ['answered']);
    assert.deepEqual(said(session.disconnected()), CLOSED('unbound'));
  });

  it('is answered when both unbind at once, and ours goes on', () => {
    const session = bound();
    session.leave(0);
    const effects = session.receive(build.unbind(40), 0);
    assert.deepEqual(written(effects)[0]?.command, 'unbind_resp');
    assert.deepEqual(said(effects), [{ kind: 'leaving', isPeersWish: true }]);
    assert.deepEqual(said(session.receive(resp('unbind_resp', 2), 1)), CLOSED('left'));
  });

  it('ends a session that was not bound yet', () => {
    const session = aSession();
    session.bind(0);
    assert.deepEqual(kinds(session.receive(build.unbind(40), 0)), ['write', 'leaving']);
    assert.deepEqual(kinds(session.receive(build.bindResp(1), 1)), []);
    assert.equal(session.state, 'unbound');
  });
});

describe('Session · silence', () => {
  it('asks after 15 s, though the window is full', () => {
    const session = bound({ window: 1, timers: { responseProbeMs: 60_000 } });
    session.submit(segments(1), 'batch', 0);
    assert.equal(session.nextDeadline, 15_000);
    assert.deepEqual(
      written(session.tick(15_000)).map((pdu) => pdu.command),
      ['enquire_link'],
    );
  });

  it('ends it 5 s after it asked, with everything under way unanswered', () => {
    const session = bound();
    session.submit(segments(2), 'batch', 0);
    assert.deepEqual(kinds(session.tick(10_000)), ['write']);
    assert.deepEqual(session.tick(14_999), []);
    const effects = session.tick(15_000);
    assert.deepEqual(kinds(effects), ['unanswered', 'unanswered', 'closed']);
    assert.deepEqual(said(effects).at(-1), { kind: 'closed', reason: 'dead', status: undefined });
  });

  it('is broken by any octets', () => {
    const session = bound();
    session.tick(15_000);
    session.receive(build.enquireLink(3).subarray(0, 1), 19_999);
    assert.deepEqual(session.tick(20_000), []);
  });

  it('goes on asking a peer that answers', () => {
    const session = bound();
    for (const now of [15_000, 30_100, 45_200]) {
      const [enquiry] = written(session.tick(now));
      session.receive(resp('enquire_link_resp', enquiry!.sequence_number), now + 100);
    }
    assert.equal(session.nextDeadline, 60_300);
  });

  it('does nothing when it is looked at too early', () => {
    assert.deepEqual(bound().tick(14_999), []);
  });
});

describe('Session · a submit_sm without an answer on a link that lives', () => {
  /** Bound, and alive until 29 s; two submit_sm of 0 s are under way, numbers 2 and 3. */
  function waiting(setup: build.SessionSetup = {}): ReturnType<typeof bound> {
    const session = bound(setup);
    session.submit(segments(2), 'batch', 0);
    for (const now of [9_000, 18_000, 27_000]) session.receive(build.enquireLink(now), now);
    return session;
  }

  /** As `waiting`, and number 2 is overdue. */
  function overdue(setup: build.SessionSetup = {}): ReturnType<typeof bound> {
    const session = waiting(setup);
    session.receive(build.submitResp(3), 28_000);
    session.tick(30_000);
    return session;
  }

  it('is overdue alone after 30 s', () => {
    const session = waiting();
    session.receive(build.submitResp(3), 28_000);
    assert.equal(session.nextDeadline, 30_000);
    assert.deepEqual(session.tick(29_999), []);
    const effects = session.tick(30_000);
    assert.deepEqual(
      effects.map((effect) => (effect.kind === 'overdue' ? effect.request.index : effect.kind)),
      [0],
    );
    assert.equal(session.state, 'bound');
  });

  it('frees its place in the window', () => {
    const session = waiting({ window: 2 });
    assert.equal(session.capacity, 0);
    session.tick(30_000);
    assert.deepEqual([session.capacity, session.underWay], [2, 0]);
  });

  it('is answered by an answer that comes later, once', () => {
    const session = overdue();
    const [effect] = session.receive(build.submitResp(2), 50_000);
    assert.ok(effect?.kind === 'answeredLate');
    assert.deepEqual([effect.request.index, effect.status], [0, 0]);
    assert.deepEqual(kinds(session.receive(build.submitResp(2), 50_001)), ['ignored']);
  });

  it('is answered by a generic_nack that comes later', () => {
    const [effect] = overdue().receive(build.nack(2, STATUS.ESME_RSYSERR), 50_000);
    assert.ok(effect?.kind === 'answeredLate');
    assert.equal(effect.status, STATUS.ESME_RSYSERR);
  });

  it('is not refused for good by a generic_nack about its framing that comes later', () => {
    const [effect] = overdue().receive(build.nack(2, STATUS.ESME_RINVCMDLEN), 50_000);
    assert.ok(effect?.kind === 'answeredLate');
    assert.equal(effect.status, STATUS.ESME_RSYSERR);
  });

  it('is forgotten when more are overdue than are remembered', () => {
    const session = waiting({ lateAnswers: 1 });
    session.tick(30_000);
    const late = Buffer.concat([build.submitResp(2), build.submitResp(3)]);
    assert.deepEqual(kinds(session.receive(late, 31_000)), ['ignored', 'answeredLate']);
  });

  it('ends with the session without another word', () => {
    assert.deepEqual(said(overdue().disconnected()), CLOSED('disconnected'));
  });

  it('does not hold up our leave, and is answered until the end', () => {
    const session = overdue();
    assert.equal(written(session.leave(31_000))[0]?.command, 'unbind');
    assert.deepEqual(kinds(session.receive(build.submitResp(2), 31_001)), ['answeredLate']);
  });

  it('is not overdue before the peer has shown that it lives', () => {
    const session = bound();
    session.submit(segments(1), 'batch', 0);
    assert.equal(written(session.tick(60_000))[0]?.command, 'enquire_link');
    assert.deepEqual(kinds(session.receive(build.submitResp(2), 60_010)), ['answered']);
  });
});

describe('Session · the end of the connection', () => {
  it('leaves everything under way unanswered, in order, and closes', () => {
    const session = bound();
    session.submit(segments(2), 'batch', 0);
    const effects = session.disconnected();
    assert.deepEqual(
      said(effects).map((effect) => (effect.kind === 'unanswered' ? effect.request.index : effect.kind)),
      [0, 1, 'closed'],
    );
  });

  it('closes once, and nothing follows', () => {
    const session = bound();
    session.receive(build.deliverSm(5), 0);
    assert.deepEqual(said(session.disconnected()), CLOSED('disconnected'));
    assert.deepEqual(session.disconnected(), []);
    assert.deepEqual(session.receive(build.enquireLink(1), 1), []);
    assert.deepEqual(session.respond(5, 0, 1), []);
    assert.deepEqual(session.leave(1), []);
    assert.deepEqual(session.tick(1e9), []);
    assert.equal(session.nextDeadline, Infinity);
    assert.equal(session.capacity, 0);
  });
});

function resp(command: 'unbind_resp' | 'enquire_link_resp', sequence_number: number): Buffer {
  return build.header(command === 'unbind_resp' ? 0x80000006 : 0x80000015, sequence_number);
}
