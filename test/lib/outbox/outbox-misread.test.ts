import assert from 'node:assert/strict';
import { accepted, FakeLink, misread } from '../../support/fake-link.js';
import { bench } from './outbox-bench.js';

const ESME_RINVCMDLEN = 0x02;
const ESME_RINVCMDID = 0x03;

describe('An SMS that is answered generic_nack', () => {
  for (const [name, status] of [
    ['ESME_RINVCMDLEN', ESME_RINVCMDLEN],
    ['ESME_RINVCMDID', ESME_RINVCMDID],
  ] as const) {
    it(`${name} goes once more over a new session, and is accepted there`, async () => {
      const made = await bench();
      await made.take();
      const link = await made.up();
      link.at(0).settle(misread(status));
      await made.settled();
      assert.deepEqual([link.leftFor, link.submitted.length, made.results.length], [status, 1, 0]);
      await made.down(link);
      const other = await made.up(new FakeLink());
      other.at(0).settle(accepted('b'));
      await made.settled();
      assert.deepEqual([made.results[0]?.outcome, made.results[0]?.possibleDuplicate], ['accepted', false]);
    });

    it(`${name} over two sessions is rejected`, async () => {
      const made = await bench();
      await made.take();
      const link = await made.up();
      link.at(0).settle(misread(status));
      await made.settled();
      await made.down(link);
      const other = await made.up(new FakeLink());
      other.at(0).settle(misread(status));
      await made.settled();
      const [result] = made.results;
      assert.deepEqual([result?.outcome, result?.status, result?.attempts], ['rejected', name, 2]);
      assert.equal(other.leftFor, undefined);
    });
  }

  it('goes over the other link where one is up, and that is not left', async () => {
    const made = await bench();
    await made.take();
    const link = await made.up();
    const other = await made.up(new FakeLink(10, 'dk2:2775'));
    link.at(0).settle(misread(ESME_RINVCMDLEN));
    await made.settled();
    assert.deepEqual([link.hasLeft, other.submitted.length], [false, 1]);
    other.at(0).settle(misread(ESME_RINVCMDLEN));
    await made.settled();
    assert.equal(made.results[0]?.outcome, 'rejected');
  });

  it('goes again as a whole when it is long', async () => {
    const made = await bench();
    await made.take({ text: 'x'.repeat(200) });
    const link = await made.up();
    link.at(0).settle(accepted('a'));
    link.at(1).settle(misread(ESME_RINVCMDLEN));
    await made.settled();
    await made.down(link);
    const other = await made.up(new FakeLink());
    assert.equal(other.submitted.length, 2);
  });

  it('has us log in anew for several at once, and once in 30 s, while others pass', async () => {
    const made = await bench();
    for (let count = 0; count < 5; count += 1) await made.take({ text: `odd${count}` });
    const link = await made.up();
    for (const { settle } of [...link.submitted]) settle(misread(ESME_RINVCMDLEN));
    await made.settled();
    await made.down(link);
    const other = await made.up(new FakeLink());
    for (const { settle } of [...other.submitted]) settle(misread(ESME_RINVCMDLEN));
    await made.settled();
    assert.equal(made.results.length, 5);
    await made.take({ text: 'odd' });
    await made.settled();
    other.at(5).settle(misread(ESME_RINVCMDLEN));
    await made.take({ text: 'fine', priority: 'alarm' });
    await made.clock.advance(1_000);
    other.at(6).settle(accepted('c'));
    await made.clock.advance(28_000);
    assert.deepEqual([other.leftFor, made.results.length], [undefined, 6]);
    await made.clock.advance(2_000);
    assert.equal(other.leftFor, ESME_RINVCMDLEN);
  });

  it('expires as any other when no new session comes', async () => {
    const made = await bench();
    await made.take({ expiresAfterMs: 60_000 });
    const link = await made.up();
    link.at(0).settle(misread(ESME_RINVCMDLEN));
    await made.settled();
    await made.down(link);
    await made.clock.advance(62_000);
    assert.deepEqual([made.results[0]?.outcome, made.results[0]?.status], ['expired', 'ESME_RINVCMDLEN']);
  });
});
