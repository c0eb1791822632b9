import assert from 'node:assert/strict';

import { HostNames, type Address } from '../../../lib/connection/host-names.js';

const HERE: readonly Address[] = [{ address: '127.0.0.1', family: 4 }];

describe('HostNames', () => {
  it('keeps one lookup of a name under way at a time', async () => {
    let lookups = 0;
    let answer: (addresses: readonly Address[]) => void = () => undefined;
    const names = new HostNames(() => {
      lookups += 1;
      return new Promise((resolve) => (answer = resolve));
    });
    const both = [names.lookUp('dk1'), names.lookUp('dk1')];
    answer(HERE);
    assert.deepEqual([await Promise.all(both), lookups], [[HERE, HERE], 1]);
  });

  it('looks a name up anew for each attempt', async () => {
    let lookups = 0;
    const names = new HostNames(() => Promise.resolve((lookups += 1) > 0 ? HERE : []));
    await names.lookUp('dk1');
    await names.lookUp('dk1');
    assert.equal(lookups, 2);
  });

  it('remembers the last addresses of a name when the name server fails', async () => {
    let isUp = true;
    const names = new HostNames(() => (isUp ? Promise.resolve(HERE) : Promise.reject(new Error('SERVFAIL'))));
    await names.lookUp('dk1');
    isUp = false;
    await assert.rejects(names.lookUp('dk1'));
    assert.deepEqual([names.lastKnown('dk1'), names.lastKnown('dk2')], [HERE, undefined]);
  });
});
