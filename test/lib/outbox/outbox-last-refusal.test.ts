import assert from 'node:assert/strict';
import { type FakeLink, refused, unanswered } from '../../support/fake-link.js';
import { bench, type Bench } from './outbox-bench.js';

const ESME_RSYSERR = 0x08;
const ESME_RSUBMITFAIL = 0x45;
const ESME_RTHROTTLED = 0x58;
const HOUR_MS = 3_600_000;

/** Answers every submit_sm with this status while `ms` pass. */
async function refuseFor(made: Bench, link: FakeLink, status: number, ms: number): Promise<void> {
  let answered = 0;
  for (let passed = 0; passed < ms; passed += 1_000) {
    for (; answered < link.submitted.length; answered += 1) link.at(answered).settle(refused(status));
    made.outbox.ready();
    await made.clock.advance(1_000);
  }
}

describe('The last refusal of an SMS', () => {
  for (const [name, status] of [
    ['ESME_RSYSERR', ESME_RSYSERR],
    ['ESME_RTHROTTLED', ESME_RTHROTTLED],
    ['ESME_RSUBMITFAIL', ESME_RSUBMITFAIL],
    ['0x00000400', 0x400],
  ] as const) {
    it(`is in its result when it expires after ${name}`, async () => {
      const made = await bench();
      await made.take({ expiresAfterMs: 60_000 });
      await refuseFor(made, await made.up(), status, 62_000);
      const [result] = made.results;
      assert.deepEqual([result?.outcome, result?.status, result?.host], ['expired', name, 'dk1:2775']);
      assert.equal(
        result?.reason,
        `it was still queued when its time was over; the last answer, from dk1:2775, was ${name}`,
      );
    });
  }

  it('is in its result when it is cancelled', async () => {
    const made = await bench();
    const id = await made.take();
    (await made.up()).at(0).settle(refused(ESME_RSYSERR));
    await made.settled();
    assert.equal(await made.outbox.cancel(id), true);
    assert.deepEqual([made.results[0]?.outcome, made.results[0]?.status], ['cancelled', 'ESME_RSYSERR']);
  });

  it('is in its result when a later submission is never answered', async () => {
    const made = await bench({ onUncertain: 'report' });
    await made.take();
    const link = await made.up();
    link.at(0).settle(refused(ESME_RSYSERR));
    await made.clock.advance(5_000);
    link.at(1).settle(unanswered);
    await made.down(link);
    assert.deepEqual([made.results[0]?.outcome, made.results[0]?.status], ['uncertain', 'ESME_RSYSERR']);
  });

  it('is known after a crash', async () => {
    const first = await bench();
    await first.take({ expiresAfterMs: 60_000 });
    (await first.up()).at(0).settle(refused(ESME_RSYSERR));
    await first.settled();
    const second = await bench({ storage: first.storage, clock: first.clock });
    assert.equal((await second.outbox.list(1))[0]?.lastStatus, 'ESME_RSYSERR');
    await second.clock.advance(62_000);
    assert.deepEqual(
      [second.results[0]?.status, second.results[0]?.recovered, second.results[0]?.attempts],
      ['ESME_RSYSERR', true, 1],
    );
  });

  it('is absent when there was none', async () => {
    const made = await bench();
    await made.take({ expiresAfterMs: 1_000 });
    await made.clock.advance(3_000);
    assert.deepEqual([made.results[0]?.outcome, made.results[0]?.status], ['expired', undefined]);
  });

  it('is one line in the log for each status, once an hour', async () => {
    const made = await bench();
    for (let count = 0; count < 5; count += 1) await made.take({ to: '4512345678', text: 'secret' });
    const link = await made.up();
    await refuseFor(made, link, ESME_RSYSERR, 60_000);
    assert.deepEqual(made.log, [
      'dk1:2775 answered an SMS with ESME_RSYSERR. The gateway has a fault of its own: the message is sent again later.',
    ]);
    await refuseFor(made, link, 0x400, 600_000);
    assert.equal(made.log.length, 2);
    await refuseFor(made, link, 0x400, HOUR_MS);
    assert.equal(made.log.length, 3);
    assert.ok(!made.log.join('').includes('secret') && !made.log.join('').includes('4512345678'));
  });
});
