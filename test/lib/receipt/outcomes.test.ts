import assert from 'node:assert/strict';

import { type Outcome, Outcomes } from '../../../lib/receipt/outcomes.js';

const failed = (errorNumber: number): Outcome => ({
  reports: [{ state: 'UNDELIV', errorNumber }],
  said: 'UNDELIV',
  overdueMs: 0,
});

describe('Outcomes', () => {
  it('shares one code among all SMS with the same outcome', () => {
    const outcomes = new Outcomes({ sharedOutcomes: 10 });
    const codes = [outcomes.take(failed(1)), outcomes.take(failed(2)), outcomes.take(failed(1))];
    assert.deepEqual(codes, [1, 2, 1]);
    assert.deepEqual(outcomes.at(1), failed(1));
  });

  it('has a code of its own for an SMS of which nothing is known', () => {
    const outcomes = new Outcomes({ sharedOutcomes: 1 });
    assert.equal(outcomes.take({ reports: [null], overdueMs: 0 }), 0);
  });

  it('shares no more than its bound', () => {
    const outcomes = new Outcomes({ sharedOutcomes: 3 });
    assert.deepEqual(
      [1, 2, 3, 1].map((number) => outcomes.take(failed(number))),
      [1, 2, undefined, 1],
    );
  });

  it('gives the place of an outcome to another once no SMS has it', () => {
    const outcomes = new Outcomes({ sharedOutcomes: 3 });
    for (const number of [1, 2, 1]) outcomes.take(failed(number));
    outcomes.leave(1);
    assert.equal(outcomes.take(failed(3)), undefined);
    outcomes.leave(1);
    assert.equal(outcomes.take(failed(3)), 1);
    assert.deepEqual([outcomes.at(1), outcomes.take(failed(1))], [failed(3), undefined]);
  });

  it('keeps an outcome that no SMS has while there is room', () => {
    const outcomes = new Outcomes({ sharedOutcomes: 3 });
    outcomes.take(failed(1));
    outcomes.leave(1);
    assert.deepEqual([outcomes.take(failed(2)), outcomes.take(failed(1))], [2, 1]);
  });
});
