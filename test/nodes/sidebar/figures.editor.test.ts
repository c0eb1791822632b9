import assert from 'node:assert/strict';
import { deliveryPercent, linePath, rateText, scaleTop } from '../../../nodes/sidebar/figures.editor.js';

describe('The figures of the sidebar', () => {
  it('have a decimal where it says something', () => {
    assert.deepEqual([0, 0.4, 9.94, 12.4, 1500].map(rateText), ['0', '0.4', '9.9', '12', '1500']);
  });

  const ratios: [accepted: number, delivered: number, percent: number | undefined][] = [
    [0, 0, undefined],
    [0, 3, undefined],
    [3, 0, 0],
    [1000, 999, 99],
    [1000, 1000, 100],
    [2, 5, 100],
  ];
  for (const [accepted, delivered, percent] of ratios) {
    it(`have a delivery ratio of ${percent} for ${delivered} delivered of ${accepted}`, () => {
      assert.equal(deliveryPercent({ accepted, delivered }), percent);
    });
  }

  it('are on a scale that ends on a round number', () => {
    assert.deepEqual([0, 0.3, 1, 1.2, 4, 10, 11, 51, 800].map(scaleTop), [1, 1, 1, 2, 5, 10, 20, 100, 1000]);
  });

  it('become a line from the lower to the upper edge over the whole width', () => {
    assert.equal(linePath([0, 5, 10], { width: 100, height: 50, top: 10 }), 'M0 50L50 25L100 0');
  });
});
