import assert from 'node:assert/strict';

import { EXAMPLE, receiptDelivery } from '../receipt/builders.js';
import { bench, type Bench } from './bench.js';
import { PHONE, smsDelivery } from './builders.js';

const SECOND = 1_000;

const texts = (list: readonly { readonly text: string }[]): string[] => list.map(({ text }) => text);

describe('Inbox, of what a phone sends while an SMS of it waits as a possible copy', () => {
  /** START has come over 1, and comes over 2. */
  async function waiting() {
    const on = await bench();
    const list = on.collect();
    await on.accept([smsDelivery('START')], 1);
    const answered: string[] = [];
    const send = async (text: string, session = 2, from = PHONE): Promise<void> => {
      const answer = (outcome: string): number => answered.push(`${text} ${outcome}`);
      void on.accepting({ ...smsDelivery(text), from }, session).then(answer, () => answer('refused'));
      await on.clock.advance(0);
    };
    await send('START');
    return { on, list, answered, send };
  }

  it('hands it on behind that one, in the order of arrival', async () => {
    const { on, list, answered, send } = await waiting();
    await send('STOP');
    await send('HELP');
    const before = [...answered];
    await on.read(1);
    assert.deepEqual([before, answered], [[], ['START kept', 'STOP kept', 'HELP kept']]);
    assert.deepEqual(texts(list), ['START', 'START', 'STOP', 'HELP']);
  });

  for (const { what, until } of [
    { what: 'the session of the first is lost', until: (on: Bench) => on.lose(1) },
    { what: '5 s have passed', until: (on: Bench) => on.clock.advance(5 * SECOND) },
  ]) {
    it(`hands it on when that one is taken for a copy, as ${what}`, async () => {
      const { on, list, answered, send } = await waiting();
      await send('STOP');
      await until(on);
      assert.deepEqual(
        [texts(list), answered.sort()],
        [
          ['START', 'STOP'],
          ['START repeated', 'STOP kept'],
        ],
      );
    });
  }

  it('has it wait whichever session it comes over', async () => {
    const { on, list, send } = await waiting();
    await send('STOP', 1);
    await send('HELP', 2);
    await on.read(1);
    assert.deepEqual(texts(list), ['START', 'START', 'STOP', 'HELP']);
  });

  it('has another phone wait for nothing', async () => {
    const { list, answered, send } = await waiting();
    await send('STOP', 2, '4587654321');
    assert.deepEqual([texts(list), answered], [['START', 'STOP'], ['STOP kept']]);
  });

  it('has a receipt wait for nothing', async () => {
    const { on } = await waiting();
    assert.deepEqual(await on.accept([{ ...receiptDelivery(EXAMPLE), from: PHONE }], 2), ['kept']);
  });

  it('has nothing wait behind a receipt', async () => {
    const { on, answered, send } = await waiting();
    await on.lose(1);
    const receipt = { ...receiptDelivery(EXAMPLE), from: PHONE };
    await on.accept([receipt], 2);
    void on.accepting(receipt, 3);
    await send('STOP', 3);
    assert.deepEqual(answered, ['START repeated', 'STOP kept']);
  });

  it('has the rest wait on where one of them may be a copy too, 5 s from when it came', async () => {
    const on = await bench();
    const list = on.collect();
    await on.accept([smsDelivery('A'), smsDelivery('B')], 1);
    for (const text of ['A', 'C', 'B', 'D']) void on.accepting(smsDelivery(text), 2);
    await on.clock.advance(0);
    on.inbox.answersRead(1, 1);
    await on.clock.advance(5 * SECOND - 1);
    const before = texts(list);
    await on.clock.advance(1);
    assert.deepEqual(
      [before, texts(list)],
      [
        ['A', 'B', 'A', 'C'],
        ['A', 'B', 'A', 'C', 'D'],
      ],
    );
  });

  it('has it wait no longer for those before it than they do together', async () => {
    const on = await bench();
    on.collect();
    const three = ['A', 'B', 'C'].map((text) => smsDelivery(text));
    await on.accept(three, 1);
    const again = on.accept(three, 2);
    await on.clock.advance(5 * SECOND);
    assert.deepEqual(await again, ['repeated', 'repeated', 'repeated']);
  });

  it('never had it when its session ends before that is known', async () => {
    const { on, list, answered, send } = await waiting();
    await send('STOP', 3);
    await on.lose(3);
    await on.read(1);
    assert.deepEqual([texts(list), answered], [['START', 'START'], ['START kept']]);
  });

  it('goes on with it when the session of that one ends', async () => {
    const { on, list, answered, send } = await waiting();
    await send('STOP', 2);
    await send('HELP', 3);
    await on.lose(2);
    assert.deepEqual([texts(list), answered], [['START', 'HELP'], ['HELP kept']]);
  });

  it('says of each when it came', async () => {
    const { on, list, send } = await waiting();
    const [first] = list;
    await on.clock.advance(SECOND);
    await send('STOP');
    await on.clock.advance(SECOND);
    await on.read(1);
    const waits = list.map(({ receivedAt }) => receivedAt - first!.receivedAt);
    assert.deepEqual(waits, [0, 0, SECOND]);
  });

  it('keeps a copy of its octets, which the socket may use anew', async () => {
    const { on, list } = await waiting();
    const hi = smsDelivery('Hi');
    const octets = Buffer.from(hi.octets);
    void on.accepting({ ...hi, octets }, 2);
    octets.fill(0);
    await on.read(1);
    assert.deepEqual(texts(list), ['START', 'START', 'Hi']);
  });

  it('forgets it when it is closed', async () => {
    const { on, list, answered, send } = await waiting();
    await send('STOP');
    await on.close();
    await on.lose(1);
    await on.clock.advance(10 * SECOND);
    assert.deepEqual([texts(list), answered], [['START'], []]);
  });
});
