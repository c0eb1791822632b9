import assert from 'node:assert/strict';

import { fingerprintOf, RedeliveryGuard } from '../../../lib/inbox/redelivery-guard.js';
import { smsDelivery } from './builders.js';

const MINUTE = 60_000;
const kept = Promise.resolve();

const sighting = (sessionId: number, at = 0, fingerprint = 'f') => ({ fingerprint, sessionId, at });

describe('RedeliveryGuard', () => {
  it('knows what an earlier session brought', () => {
    const guard = new RedeliveryGuard();
    guard.note(sighting(1), kept);
    assert.equal(guard.earlier(sighting(2)), kept);
  });

  it('takes the same again on one session for another message', () => {
    const guard = new RedeliveryGuard();
    guard.note(sighting(1), kept);
    assert.equal(guard.earlier(sighting(1)), undefined);
  });

  it('takes the same on an older session for another message', () => {
    const guard = new RedeliveryGuard();
    guard.note(sighting(2), kept);
    assert.equal(guard.earlier(sighting(1)), undefined);
  });

  it('knows what a later session brought that is over', () => {
    const guard = new RedeliveryGuard();
    guard.note(sighting(2), kept);
    guard.sessionOver(2);
    assert.equal(guard.earlier(sighting(1)), kept);
  });

  it('forgets after ten minutes', () => {
    const guard = new RedeliveryGuard();
    guard.note(sighting(1), kept);
    assert.equal(guard.earlier(sighting(2, 10 * MINUTE + 1)), undefined);
  });

  it('knows what an earlier process has seen', () => {
    const guard = new RedeliveryGuard();
    guard.restore('f', 0);
    assert.notEqual(guard.earlier(sighting(0)), undefined);
  });

  it('forgets what could not be kept', () => {
    const guard = new RedeliveryGuard();
    guard.note(sighting(1), kept);
    guard.forget('f');
    assert.equal(guard.earlier(sighting(2)), undefined);
  });

  it('forgets the oldest beyond its bound', () => {
    const guard = new RedeliveryGuard();
    for (let index = 0; index < 102_000; index += 1) guard.note(sighting(1, 0, `f${index}`), kept);
    const known = ['f0', 'f101999'].map(
      (fingerprint) => guard.earlier(sighting(2, 0, fingerprint)) !== undefined,
    );
    assert.deepEqual(known, [false, true]);
  });
});

describe('fingerprintOf', () => {
  it('is the same for the same content', () => {
    assert.equal(fingerprintOf(smsDelivery('a')), fingerprintOf(smsDelivery('a')));
  });

  for (const [what, delivery] of [
    ['text', smsDelivery('b')],
    ['sender', smsDelivery('a', { from: '1' })],
    ['receiver', smsDelivery('a', { to: '1' })],
    ['data coding', smsDelivery('a', { dataCoding: 3 })],
    ['kind', smsDelivery('a', { kind: 'receipt' })],
    ['header flag', smsDelivery('a', { hasUserDataHeader: true })],
    ['place', smsDelivery('a', { sar: { reference: 1, total: 2, sequence: 1 } })],
    ['receipted id', smsDelivery('a', { receiptedMessageId: 'x' })],
    ['state', smsDelivery('a', { messageState: 2 })],
  ] as const) {
    it(`differs by ${what}`, () => {
      assert.notEqual(fingerprintOf(delivery), fingerprintOf(smsDelivery('a')));
    });
  }
});
