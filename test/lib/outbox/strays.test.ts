import assert from 'node:assert/strict';
import { Strays } from '../../../lib/outbox/strays.js';

describe('Strays', () => {
  it('knows the one SMS to a recipient that may have gone astray', () => {
    const strays = new Strays();
    strays.add('4512345678', 'one');
    strays.add('4512345678', 'one');
    assert.ok(strays.isOnly('4512345678', 'one'));
  });

  it('tells no two SMS to one recipient apart', () => {
    const strays = new Strays();
    strays.add('4512345678', 'one');
    strays.add('4512345678', 'two');
    assert.ok(!strays.isOnly('4512345678', 'one'));
  });

  it('keeps recipients apart', () => {
    const strays = new Strays();
    strays.add('4512345678', 'one');
    strays.add('4587654321', 'two');
    assert.ok(strays.isOnly('4512345678', 'one'));
  });

  it('forgets the recipient with the oldest stray beyond 10000', () => {
    const strays = new Strays();
    for (let number = 0; number <= 10_000; number += 1) strays.add(String(number), 'one');
    assert.ok(!strays.isOnly('0', 'one'));
    assert.ok(strays.isOnly('1', 'one'));
  });
});
