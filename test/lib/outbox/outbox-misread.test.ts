import assert from 'node:assert/strict';
import { accepted, FakeLink, misread } from '../../support/fake-link.js';
import { bench, type Bench } from './outbox-bench.js';

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

  /** Five SMS have just had us log in anew, and were rejected then. */
  async function anew(): Promise<{ made: Bench; link: FakeLink }> {
    const made = await bench();
    for (let count = 0; count < 5; count += 1) await made.take({ text: `odd${count}` });
    const first = await made.up();
    for (const { settle } of [...first.submitted]) settle(misread(ESME_RINVCMDLEN));
    await made.settled();
    await made.down(first);
    const link = await made.up(new FakeLink());
    for (const { settle } of [...link.submitted]) settle(misread(ESME_RINVCMDLEN));
    await made.settled();
    assert.equal(made.results.length, 5);
    await made.take({ text: 'odd' });
    await made.settled();
    return { made, link };
  }

  describe('soon after others had us log in anew', () => {
    it('goes once more over the same session as soon as that has accepted an SMS after it, and is rejected then', async () => {
      const { made, link } = await anew();
      link.at(5).settle(misread(ESME_RINVCMDLEN));
      await made.take({ text: 'fine', priority: 'alarm' });
      await made.settled();
      assert.deepEqual(link.texts.slice(5), ['odd', 'fine']);
      link.at(6).settle(accepted('c'));
      await made.settled();
      assert.deepEqual(link.texts.slice(5), ['odd', 'fine', 'odd']);
      link.at(7).settle(misread(ESME_RINVCMDLEN));
      await made.settled();
      assert.deepEqual([made.results.length, made.results.at(-1)?.outcome], [7, 'rejected']);
      assert.equal(link.leftFor, undefined);
    });

    it('goes there once more after an SMS that left after it, and not before it, is accepted', async () => {
      const { made, link } = await anew();
      await made.take({ text: 'fine' });
      await made.settled();
      link.at(5).settle(accepted('a'));
      link.at(6).settle(misread(ESME_RINVCMDLEN));
      await made.settled();
      assert.equal(link.submitted.length, 7);
    });

    it('has us log in anew once more when nothing is accepted after it, 3 s after the last time', async () => {
      const { made, link } = await anew();
      link.at(5).settle(misread(ESME_RINVCMDLEN));
      await made.clock.advance(2_900);
      assert.equal(link.leftFor, undefined);
      await made.clock.advance(200);
      assert.equal(link.leftFor, ESME_RINVCMDLEN);
    });

    it('does so less often each time, and in half a minute at last', async () => {
      const { made, link: before } = await anew();
      before.at(5).settle(accepted('a'));
      await made.settled();
      await made.down(before);
      const waitsMs: number[] = [];
      for (let count = 0; count < 5; count += 1) {
        const link = await made.up(new FakeLink());
        const from = made.clock.now();
        await made.take({ text: `odd${count}` });
        await made.settled();
        for (const { settle } of [...link.submitted]) settle(misread(ESME_RINVCMDLEN));
        for (let tenths = 0; tenths < 400 && !link.hasLeft; tenths += 1) await made.clock.advance(100);
        waitsMs.push(made.clock.now() - from);
        await made.down(link);
      }
      assert.deepEqual(waitsMs, [3_000, 9_000, 27_000, 30_000, 30_000]);
    });
  });

  it('is rejected at once when an earlier process had sent it to be read anew', async () => {
    const first = await bench();
    await first.take();
    (await first.up()).at(0).settle(misread(ESME_RINVCMDID));
    await first.settled();
    await first.outbox.close();
    const second = await bench({ storage: first.storage, clock: first.clock });
    const link = await second.up(new FakeLink());
    link.at(0).settle(misread(ESME_RINVCMDID));
    await second.settled();
    assert.deepEqual([second.results[0]?.outcome, second.results[0]?.attempts], ['rejected', 2]);
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
