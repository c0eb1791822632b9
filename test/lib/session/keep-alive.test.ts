import assert from 'node:assert/strict';

import { KeepAlive } from '../../../lib/session/keep-alive.js';

const TIMERS = {
  enquireLinkMs: 15_000,
  enquireLinkAnswerMs: 5_000,
  responseProbeMs: 10_000,
  answerProofMs: 1_000,
  responseMs: 30_000,
};

function heardAt(now: number): KeepAlive {
  const keepAlive = new KeepAlive(TIMERS);
  keepAlive.heard(now);
  return keepAlive;
}

describe('KeepAlive', () => {
  it('asks after 15 s without octets, not before', () => {
    const keepAlive = heardAt(1_000);
    assert.equal(keepAlive.verdict(15_999, undefined), 'alive');
    assert.equal(keepAlive.verdict(16_000, undefined), 'enquire');
  });

  it('asks after 10 s of silence while a submit_sm waits', () => {
    const keepAlive = heardAt(0);
    assert.equal(keepAlive.verdict(10_999, 1_000), 'alive');
    assert.equal(keepAlive.verdict(11_000, 1_000), 'enquire');
  });

  it('does not ask a peer that was heard since', () => {
    const keepAlive = heardAt(5_000);
    assert.equal(keepAlive.verdict(14_999, 1_000), 'alive');
    assert.equal(keepAlive.verdict(15_000, 1_000), 'enquire');
  });

  it('gives up 5 s after it asked', () => {
    const keepAlive = heardAt(0);
    keepAlive.enquired(15_000);
    assert.equal(keepAlive.verdict(19_999, undefined), 'alive');
    assert.equal(keepAlive.verdict(20_000, undefined), 'dead');
  });

  it('takes any octets for an answer', () => {
    const keepAlive = heardAt(0);
    keepAlive.enquired(15_000);
    keepAlive.heard(19_999);
    assert.equal(keepAlive.verdict(20_000, undefined), 'alive');
    assert.equal(keepAlive.deadline(undefined), 34_999);
  });

  it('takes a submit_sm for overdue that has waited 30 s while the peer lives', () => {
    const keepAlive = heardAt(30_900);
    assert.equal(keepAlive.verdict(30_999, 1_000), 'alive');
    assert.equal(keepAlive.verdict(31_000, 1_000), 'overdue');
  });

  it('takes none for overdue before it knows that the peer lives', () => {
    const keepAlive = heardAt(1_000);
    assert.equal(keepAlive.verdict(60_000, 1_000), 'enquire'); // after a long block of the event loop
    keepAlive.enquired(60_000);
    assert.equal(keepAlive.verdict(64_999, 1_000), 'alive');
    assert.equal(keepAlive.deadline(1_000), 65_000);
    keepAlive.heard(64_999);
    assert.equal(keepAlive.deadline(1_000), 31_000);
    assert.equal(keepAlive.verdict(64_999, 1_000), 'overdue');
  });

  it('gives a silent link up, whatever waits on it', () => {
    const keepAlive = heardAt(0);
    keepAlive.enquired(10_000);
    assert.equal(keepAlive.verdict(40_000, 0), 'dead');
  });

  it('asks 1 s after an answer to a deliver_sm that nothing followed, not before', () => {
    const keepAlive = heardAt(1_000);
    keepAlive.responded(1_100);
    keepAlive.responded(1_900);
    assert.equal(keepAlive.deadline(undefined), 2_100);
    assert.equal(keepAlive.verdict(2_099, undefined), 'alive');
    assert.equal(keepAlive.verdict(2_100, undefined), 'enquire');
  });

  it('asks once for all the answers before it', () => {
    const keepAlive = heardAt(0);
    keepAlive.responded(0);
    keepAlive.enquired(1_000);
    keepAlive.heard(1_100);
    keepAlive.enquiryAnswered();
    assert.equal(keepAlive.deadline(undefined), 16_100);
  });

  it('does not ask after an answer that a submit_sm followed', () => {
    const keepAlive = heardAt(0);
    keepAlive.responded(0);
    keepAlive.submitted();
    assert.equal(keepAlive.verdict(1_000, 900), 'alive');
    keepAlive.responded(1_500);
    assert.equal(keepAlive.verdict(2_500, 900), 'enquire');
  });

  it('waits 5 s for the answer to a question before it asks again, though the peer lives', () => {
    const keepAlive = heardAt(0);
    keepAlive.enquired(15_000);
    keepAlive.heard(15_500);
    keepAlive.responded(15_500);
    assert.equal(keepAlive.verdict(19_999, undefined), 'alive');
    assert.equal(keepAlive.verdict(20_000, undefined), 'enquire');
  });

  it('names the instant of its next verdict', () => {
    const keepAlive = heardAt(0);
    assert.equal(keepAlive.deadline(undefined), 15_000);
    assert.equal(keepAlive.deadline(2_000), 12_000);
    keepAlive.enquired(12_000);
    assert.equal(keepAlive.deadline(2_000), 17_000);
    keepAlive.heard(25_000);
    assert.equal(keepAlive.deadline(2_000), 32_000);
  });
});
