import assert from 'node:assert/strict';
import type { SubmitResult } from '../../../lib/message.js';
import { UnclaimedResults } from '../../../nodes/inmobile-connection/unclaimed-results.js';
import { FakeClock } from '../../support/fake-clock.js';

function someResults(): {
  results: UnclaimedResults;
  clock: FakeClock;
  said: string[];
  note: (outcome: SubmitResult['outcome']) => void;
} {
  const said: string[] = [];
  const clock = new FakeClock();
  const results = new UnclaimedResults((line) => said.push(line), clock);
  return { results, clock, said, note: (outcome) => results.note({ outcome } as SubmitResult) };
}

describe('UnclaimedResults', () => {
  it('says all that come in one go in one line, with what they were', async () => {
    const { clock, said, note } = someResults();
    for (let count = 0; count < 48; count += 1) {
      note('accepted');
      await clock.advance(100);
    }
    note('rejected');
    note('rejected');
    await clock.advance(4_000);
    assert.deepEqual(said, [
      'the smpp-send node of 50 SMS is gone; the results of the SMS: 48 accepted, 2 rejected',
    ]);
  });

  it('says one within two seconds', async () => {
    const { clock, said, note } = someResults();
    note('expired');
    await clock.advance(2_000);
    assert.deepEqual(said, ['the smpp-send node of 1 SMS is gone; the results of the SMS: 1 expired']);
  });

  it('counts from nought after a line', async () => {
    const { clock, said, note } = someResults();
    note('accepted');
    await clock.advance(10_000);
    note('accepted');
    await clock.advance(10_000);
    assert.equal(said.length, 2);
    assert.equal(said[0], said[1]);
  });

  it('says once a minute how many there were while more and more come', async () => {
    const { clock, said, note } = someResults();
    for (let second = 0; second < 180; second += 1) {
      note('accepted');
      await clock.advance(1_000);
    }
    await clock.advance(4_000);
    assert.equal(said.length, 3);
  });

  it('says what is left when it ends, and has no timer then', () => {
    const { results, clock, said, note } = someResults();
    note('accepted');
    results.flush();
    assert.deepEqual([said.length, clock.pending], [1, 0]);
  });

  it('says one that comes again once, also when it is taken at last', async () => {
    const { results, clock, said } = someResults();
    const again = { id: 'a', outcome: 'rejected' } as SubmitResult;
    for (let time = 0; time < 3; time += 1) {
      results.noteOnce(again);
      await clock.advance(5_000);
    }
    results.flush();
    results.noteOnce(again);
    results.note(again); // and is taken
    results.flush();
    assert.equal(said.length, 1);
  });

  it('says nothing of none', () => {
    const { results, said } = someResults();
    results.flush();
    assert.deepEqual(said, []);
  });
});
