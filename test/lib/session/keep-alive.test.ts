import assert from 'node:assert/strict';

import { KeepAlive } from '../../../lib/session/keep-alive.js';

const TIMERS = {
  enquireLinkMs: 15_000,
  enquireLinkAnswerMs: 5_000,
  responseProbeMs: 10_000,
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
