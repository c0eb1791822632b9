import assert from 'node:assert/strict';
import { PUBLISHED_ERRORS } from '../../../lib/inmobile.js';
import { describeScenarios, SCENARIOS, scenarioOf } from '../../../lib/simulator/scenario.js';

describe('scenarioOf', () => {
  it('delivers to a number without a scenario', () => {
    const { answer, receipts } = scenarioOf('4512345678');
    assert.deepEqual(
      [answer.kind, receipts.map(({ state, err }) => `${state} ${err}`)],
      ['accept', ['DELIVRD 0']],
    );
  });

  it('goes by the last two digits', () => {
    assert.equal(scenarioOf('4500000077').reply, scenarioOf('77').reply);
  });

  for (const err of PUBLISHED_ERRORS) {
    it(`has a number whose receipt says err ${err}`, () => {
      const ending = SCENARIOS.find(({ receipts }) => receipts[0]?.err === err)?.ending ?? 'none';
      assert.deepEqual(
        scenarioOf(`45000000${ending}`).receipts.map((receipt) => receipt.err),
        [err],
      );
    });
  }

  it('says EXPIRED for err 005, as inMobile publishes it', () => {
    assert.equal(scenarioOf('4500000005').receipts[0]?.state, 'EXPIRED');
  });

  it('says DELIVRD only where the code says that nothing went wrong', () => {
    const wrong = SCENARIOS.flatMap(({ receipts }) => receipts).filter(
      ({ state, err }) => state === 'DELIVRD' && err !== 0 && err !== 80,
    );
    assert.deepEqual(wrong, []);
  });
});

describe('SCENARIOS', () => {
  it('gives each ending one meaning', () => {
    const endings = SCENARIOS.map(({ ending }) => ending);
    assert.equal(new Set(endings).size, endings.length);
  });

  it('has two digits to each ending but that of every other number', () => {
    assert.deepEqual(
      SCENARIOS.filter(({ ending }) => !/^\d\d$/.test(ending)).map(({ ending }) => ending),
      [''],
    );
  });
});

describe('describeScenarios', () => {
  it('has a line for each scenario', () => {
    assert.equal(describeScenarios().split('\n').length, SCENARIOS.length);
  });

  it('goes by ending', () => {
    const endings = [...describeScenarios().matchAll(/…(\d\d)/g)].map(([, ending]) => ending);
    assert.deepEqual(endings, [...endings].sort());
  });
});
