import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Heap } from '../../../lib/outbox/heap.js';

describe('Heap', () => {
  it('gives what was put in, smallest first', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = new Heap<number>((number) => number);
        for (const number of numbers) heap.push(number);
        const popped: number[] = [];
        for (let item = heap.pop(); item !== undefined; item = heap.pop()) popped.push(item);
        assert.deepEqual(
          popped,
          [...numbers].sort((left, right) => left - right),
        );
      }),
    );
  });

  it('shows the smallest without taking it', () => {
    const heap = new Heap<number>((number) => number);
    heap.push(2);
    heap.push(1);
    assert.equal(heap.peek(), 1);
    assert.equal(heap.size, 2);
  });

  it('keeps its order when some are let go', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = new Heap<number>((number) => number);
        const isOdd = (number: number): boolean => number % 2 !== 0;
        for (const number of numbers) heap.push(number);
        heap.keep(isOdd);
        const popped: number[] = [];
        for (let item = heap.pop(); item !== undefined; item = heap.pop()) popped.push(item);
        assert.deepEqual(
          popped,
          numbers.filter(isOdd).sort((left, right) => left - right),
        );
      }),
    );
  });
});
