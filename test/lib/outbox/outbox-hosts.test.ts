/** Which of two hosts an SMS goes to after one of them refused it, or left it unanswered. */
import assert from 'node:assert/strict';
import {
  ESME_RMSGQFUL,
  ESME_RSYSERR,
  ESME_RTHROTTLED,
  ModelGateway,
  type ModelOptions,
} from './model-gateway.js';
import { bench, type Bench } from './outbox-bench.js';

interface Made extends Bench {
  readonly gateway: ModelGateway;
}

async function bound(
  links: 'failover' | 'both',
  judge: ModelOptions['judge'],
  onUncertain: 'resend' | 'report' = 'resend',
): Promise<Made> {
  const made = await bench({ onUncertain });
  const gateway = new ModelGateway({ clock: made.clock, outbox: () => made.outbox, judge, links });
  gateway.start();
  await made.clock.advance(1_000);
  return { ...made, gateway };
}

const hostsOf = ({ gateway }: Made, text: string): number[] =>
  gateway.submits.filter((submit) => submit.text === text).map(({ host }) => host);

describe('An SMS with links to both hosts', () => {
  for (const [name, status, waitMs] of [
    ['ESME_RSYSERR', ESME_RSYSERR, 5_000],
    ['ESME_RX_T_APPN', 0x64, 5_000],
    ['a status that nobody knows', 0x400, 5_000],
    ['ESME_RMSGQFUL', ESME_RMSGQFUL, 5_000],
    ['ESME_RTHROTTLED', ESME_RTHROTTLED, 1_000],
  ] as const) {
    for (const sick of [0, 1]) {
      it(`goes to the other one after ${name} from the ${sick === 0 ? 'first' : 'second'}`, async () => {
        const made = await bound('both', (_text, host) => (host === sick ? status : 0));
        for (let count = 0; count < 4; count += 1) await made.take({ text: `${count}`, priority: 'alarm' });
        await made.clock.advance(waitMs + 1_500);
        assert.equal(made.results.length, 4);
      });
    }

    it(`reaches at once the one that takes it, as long as the other answers ${name}`, async () => {
      const made = await bound('both', (_text, host) => (host === 0 ? status : 0));
      await made.take({ text: 'first' });
      await made.clock.advance(10_000);
      for (let count = 1; count <= 20; count += 1) {
        await made.take({ text: 'alarm', priority: 'alarm' });
        await made.clock.advance(1_000);
        assert.equal(made.results.length, 1 + count);
      }
    });
  }

  it('is tried at the two in turn, for as long as both refuse it', async () => {
    const made = await bound('both', () => ESME_RSYSERR);
    await made.take({ text: 'odd' });
    await made.clock.advance(90_000);
    assert.deepEqual(hostsOf(made, 'odd'), [0, 1, 0, 1]);
  });

  it('goes to the one that refused it when the other is gone', async () => {
    const made = await bound('both', (text, host) => (text === 'odd' && host === 1 ? ESME_RSYSERR : 0));
    made.gateway.restart(0, 60_000);
    await made.clock.advance(1_000);
    await made.take({ text: 'odd' });
    await made.clock.advance(6_000);
    assert.deepEqual(hostsOf(made, 'odd'), [1, 1]);
  });

  it('holds up none behind it that the other host is to have', async () => {
    const made = await bound('both', (text, host) =>
      text.startsWith('odd') && host === 0 ? ESME_RSYSERR : 0,
    );
    for (let count = 0; count < 4; count += 1) await made.take({ text: `odd${count}` });
    await made.clock.advance(1_000);
    for (let count = 0; count < 20; count += 1) await made.take({ text: 'both' });
    await made.clock.advance(4_020);
    for (let count = 0; count < 20; count += 1) await made.take({ text: 'both' });
    for (let count = 0; count < 16; count += 1) await made.take({ text: `${count}` });
    await made.clock.advance(101);
    assert.equal(made.results.length, 60);
  });

  for (const status of [ESME_RSYSERR, undefined]) {
    it(`waits for the one that takes it, however busy that is, as an alarm while the other ${status === undefined ? 'answers nothing' : 'refuses all'}`, async () => {
      const made = await bound('both', (_text, host) => (host === 0 ? status : 0));
      for (let count = 0; count < 9_000; count += 1) await made.take({ text: 'bulk', priority: 'bulk' });
      await made.clock.advance(32_000 - 20_000 * Number(status !== undefined));
      for (let count = 1; count <= 10; count += 1) {
        await made.take({ text: 'alarm', priority: 'alarm' });
        await made.clock.advance(1_000);
        assert.equal(
          made.gateway.submits.filter((submit) => submit.text === 'alarm' && submit.status === 0).length,
          count,
        );
      }
    });
  }

  it('waits for no host that is full and slow, as an alarm while the other is in doubt', async () => {
    const made = await bound('both', (text, host) => {
      if (text === 'slow') return undefined;
      return host === 0 && text === 'odd' ? ESME_RSYSERR : 0;
    });
    await made.take({ text: 'odd' });
    await made.clock.advance(100);
    for (let count = 0; count < 11; count += 1) await made.take({ text: 'slow' });
    await made.clock.advance(1_000);
    await made.take({ text: 'alarm', priority: 'alarm' });
    await made.clock.advance(2_000);
    assert.equal(made.gateway.count('alarm'), 1);
  });

  it('is given up by a silent one after 30 s, and taken by the other', async () => {
    const made = await bound('both', (_text, host) => (host === 0 ? undefined : 0));
    await made.take({ text: 'x', priority: 'alarm' });
    await made.clock.advance(30_200);
    assert.deepEqual(
      made.results.map(({ outcome, host, attempts }) => [outcome, host, attempts]),
      [['accepted', 'dk2:2775', 2]],
    );
  });

  it('goes to a host that left one unanswered only when the other has no room, until it answers', async () => {
    let isSilent = true;
    const made = await bound('both', (text, host) =>
      text === 'long' || (host === 0 && isSilent) ? undefined : 0,
    );
    await made.take({ text: 'x' });
    await made.clock.advance(31_000);
    for (let count = 0; count < 20; count += 1) {
      await made.take({ text: 'next' });
      await made.clock.advance(1_000);
    }
    assert.deepEqual(new Set(hostsOf(made, 'next')), new Set([1]));
    isSilent = false;
    for (let count = 0; count < 40; count += 1) await made.take({ text: 'many' });
    await made.clock.advance(1_000);
    assert.deepEqual(new Set(hostsOf(made, 'many')), new Set([0, 1]));
    assert.equal(made.results.length, 61);
  });

  it('that nobody answers has no session left for it', async () => {
    const made = await bound('both', (text) => (text === 'odd' ? undefined : 0));
    await made.take({ text: 'odd' });
    await made.clock.advance(100_000);
    assert.deepEqual([made.results[0]?.outcome, made.gateway.binds], ['uncertain', 2]);
    assert.deepEqual(hostsOf(made, 'odd'), [0, 1, 0]);
  });
});

describe('An SMS with a link to one host at a time', () => {
  it('has a host left that answers nothing for 30 s, and is taken by the other', async () => {
    const made = await bound('failover', (_text, host) => (host === 0 ? undefined : 0));
    for (let count = 0; count < 6; count += 1) {
      await made.take({ text: `${count}`, priority: 'alarm' });
      await made.clock.advance(4_000);
    }
    await made.clock.advance(60_000);
    assert.deepEqual(
      made.results.map(({ outcome, attempts }) => [outcome, attempts]),
      [...Array.from({ length: 6 }, () => ['accepted', 2])],
    );
    assert.deepEqual(hostsOf(made, '0'), [0, 1]);
  });

  it('that nobody ever answers changes the host once', async () => {
    const made = await bound('failover', (text) => (text === 'odd' ? undefined : 0));
    await made.take({ text: 'odd' });
    await made.clock.advance(100_000);
    assert.deepEqual([made.results[0]?.outcome, made.gateway.binds], ['uncertain', 2]);
    assert.deepEqual(hostsOf(made, 'odd'), [0, 1, 1]);
  });

  it('that nobody ever answers changes no host where others are answered meanwhile', async () => {
    const made = await bound('failover', (text) => (text === 'odd' ? undefined : 0));
    await made.take({ text: 'odd' });
    for (let second = 0; second < 100; second += 10) {
      await made.clock.advance(9_000);
      await made.take({ text: 'fine' });
      await made.clock.advance(1_000);
    }
    assert.deepEqual([made.results.at(-2)?.outcome, made.gateway.binds], ['uncertain', 1]);
  });

  it('is not sent again for the silence that another met', async () => {
    const made = await bound('failover', (text) => (text === 'odd' ? undefined : 0));
    await made.take({ text: 'odd' });
    await made.clock.advance(29_970);
    await made.take({ text: 'fine' });
    await made.clock.advance(10_000);
    assert.equal(made.gateway.binds, 2);
    assert.deepEqual(hostsOf(made, 'fine'), [0]);
  });
});
