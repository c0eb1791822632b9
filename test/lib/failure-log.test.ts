import assert from 'node:assert/strict';

import { SmppError } from '../../lib/errors.js';
import { FailureLog, limitedLog } from '../../lib/failure-log.js';
import { FakeClock } from '../support/fake-clock.js';

function bench() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const failures = new FailureLog(clock, (_level, line) => lines.push(line));
  return { clock, lines, failures };
}

describe('FailureLog', () => {
  it('says what failed, and the class of the error without its words', () => {
    const { lines, failures } = bench();
    failures.say('it failed', new TypeError('secret'));
    assert.deepEqual(lines, ['it failed: TypeError']);
  });

  it('says an error of ours in its own words', () => {
    const { lines, failures } = bench();
    failures.say('it failed', new SmppError('SMPP_STORAGE', 'the disk is full'));
    assert.deepEqual(lines, ['it failed: SMPP_STORAGE the disk is full']);
  });

  it('says no more of what somebody threw that is no error', () => {
    const { lines, failures } = bench();
    failures.say('it failed', 'secret');
    assert.deepEqual(lines, ['it failed: string']);
  });

  it('says the same once a minute, with how often it happened', async () => {
    const { clock, lines, failures } = bench();
    for (let count = 0; count < 3; count += 1) failures.say('it failed', new Error());
    await clock.advance(60_000);
    failures.say('it failed', new Error());
    assert.deepEqual(lines, ['it failed: Error', 'it failed: Error (and 2 times since it was last said)']);
  });

  it('says different things side by side', () => {
    const { lines, failures } = bench();
    failures.say('one failed', new Error());
    failures.say('another failed', new Error());
    assert.equal(lines.length, 2);
  });

  it('says where a fault of ours is, without its words', () => {
    const { lines, failures } = bench();
    failures.fault('it failed', new TypeError('secret\n    at a secret place'));
    assert.match(lines[0] ?? '', /^it failed, at .*failure-log\.test\.ts:\d+:\d+\)?: TypeError$/);
  });

  it('says of a fault that has no place what it says of any', () => {
    const { lines, failures } = bench();
    failures.fault('it failed', 'secret');
    assert.deepEqual(lines, ['it failed: string']);
  });
});

describe('A log of which no flood is', () => {
  function limited() {
    const clock = new FakeClock();
    const lines: string[] = [];
    return { clock, lines, log: limitedLog((_level, line) => lines.push(line), clock) };
  }

  it('has twenty lines a minute that differ in numbers, ids and hosts alone, and then how many were left out', async () => {
    const { clock, lines, log } = limited();
    for (let part = 1; part <= 1_000; part += 1)
      log('warn', `SMS id${part} of dk${part} is given up with ${part} of 255`);
    assert.equal(lines.length, 20);
    await clock.advance(60_000);
    log('warn', 'SMS id0 of dk1 is given up with 1 of 2');
    assert.match(lines.at(-1) ?? '', /^SMS id0 of dk1 is given up with 1 of 2 \(and 980 like it/);
  });

  it('has other lines meanwhile', () => {
    const { lines, log } = limited();
    for (let part = 0; part < 100; part += 1) log('warn', `given up with ${part}`);
    log('info', 'Connected to dk1');
    assert.equal(lines.at(-1), 'Connected to dk1');
  });

  it('is as limited for words that are made up', () => {
    const { lines, log } = limited();
    const made = (word: number): string =>
      Array.from(String(word), (digit) => 'abcdefghij'[Number(digit)]).join('');
    for (let word = 0; word < 50_000; word += 1) log('warn', `the peer said ${made(word)}`);
    assert.ok(lines.length <= 1_020, String(lines.length));
  });
});
