/** Which SMS a receipt belongs to where several have its id, or none has it in this letter case. */
import assert from 'node:assert/strict';

import type { Delivery, DeliveryReceipt } from '../../../lib/message.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import { heldStorage } from '../../support/held-storage.js';
import { bench, MINUTE } from './bench.js';
import { receiptFor, SENDER } from './builders.js';

const A = '4511111111';
const B = '4522222222';
const NOBODY = '4599999999';

const from = (phone: string, messageId: string, stat?: string): Delivery => ({
  ...receiptFor(messageId, stat),
  from: phone,
});

const owners = (receipts: readonly DeliveryReceipt[]) => receipts.map(({ id }) => id);

describe('ReceiptTracker', () => {
  for (const [where, makeStorage] of [
    ['storage that lasts', heldStorage],
    ['volatile storage', memoryStorage],
  ] as const) {
    describe(`of an id that several SMS have, with ${where},`, () => {
      for (const [what, first, second] of [
        ['in one letter case', { messageIds: ['x'] }, { messageIds: ['x'] }],
        ['one of them in another letter case', { messageIds: ['x'] }, { messageIds: ['X'] }],
        ['both in another letter case', { messageIds: ['X'] }, { messageIds: ['X'] }],
        ['one of them by a copy', { messageIds: ['a'], copies: [['x']] }, { messageIds: ['x'] }],
        ['the other by a copy', { messageIds: ['x'] }, { messageIds: ['a'], copies: [['x']] }],
        ['both by a copy', { messageIds: ['a'], copies: [['x']] }, { messageIds: ['b'], copies: [['x']] }],
        [
          'both by a copy in another letter case',
          { messageIds: ['a'], copies: [['X']] },
          { messageIds: ['b'], copies: [['X']] },
        ],
        ['with one segment of several', { messageIds: ['x', 'a'] }, { messageIds: ['b', 'x'] }],
      ] as const) {
        it(`takes the one whose phone fits, ${what}`, async () => {
          const on = await bench(makeStorage);
          const receipts = on.collect('segment');
          await on.accepted({ id: 'sms-a', to: A, ...first });
          await on.accepted({ id: 'sms-b', to: B, ...second });
          await on.arrives(from(A, 'x'), from(B, 'x'));
          assert.deepEqual(owners(receipts), ['sms-a', 'sms-b']);
        });
      }

      it('takes it after a restart too', async () => {
        const on = await bench(makeStorage);
        await on.accepted({ id: 'sms-a', to: A, messageIds: ['x'] });
        await on.accepted({ id: 'sms-b', to: B, messageIds: ['b'], copies: [['x']] });
        await on.restart();
        const receipts = on.collect();
        await on.arrives(from(A, 'x'), from(B, 'x'));
        assert.deepEqual(owners(receipts), ['sms-a', 'sms-b']);
      });

      it('takes the first of several to one phone that has no final receipt, and drops none', async () => {
        const on = await bench(makeStorage);
        const receipts = on.collect();
        await on.accepted({ id: 'sms-1', to: A, messageIds: ['x'] });
        await on.accepted({ id: 'sms-2', to: A, messageIds: ['x'] });
        for (const stat of ['ENROUTE', 'DELIVRD', 'UNDELIV', 'EXPIRED']) await on.arrives(from(A, 'x', stat));
        const given = receipts.map(({ id, state }) => `${id} ${state}`);
        assert.deepEqual(given, ['sms-1 ENROUTE', 'sms-1 DELIVRD', 'sms-2 UNDELIV']);
      });

      it('takes the other when a listener still has the final receipt of the first', async () => {
        const on = await bench(makeStorage);
        const given: string[] = [];
        on.tracker.onReceipt(async ({ id, state }) => {
          given.push(`${id} ${state}`);
          await new Promise<void>((resolve) => on.clock.after(MINUTE, resolve));
        });
        await on.accepted({ id: 'sms-1', to: A, messageIds: ['x'] });
        await on.accepted({ id: 'sms-2', to: A, messageIds: ['x'] });
        await on.arrives(from(A, 'x'), from(A, 'x', 'UNDELIV'));
        await on.clock.advance(2 * MINUTE);
        assert.deepEqual([given, on.stored], [['sms-1 DELIVRD', 'sms-2 UNDELIV'], 0]);
      });

      for (const isRestarted of [false, true]) {
        it(`keeps to it when a listener rejects it at first${isRestarted ? ', over a restart' : ''}`, async () => {
          const on = await bench(makeStorage);
          await on.accepted({ id: 'sms-1', to: A, messageIds: ['x'] });
          await on.accepted({ id: 'sms-2', to: A, messageIds: ['x'] });
          on.tracker.onReceipt(() => Promise.reject(new Error('no')));
          await on.arrives(from(A, 'x'));
          if (isRestarted) await on.restart();
          const receipts = on.collect();
          await on.clock.advance(10_000);
          await on.arrives(from(A, 'x', 'UNDELIV'));
          await on.clock.advance(10_000);
          const given = receipts.map(({ id, state }) => `${id} ${state}`);
          assert.deepEqual(given, ['sms-1 DELIVRD', 'sms-2 UNDELIV']);
        });
      }

      it('takes for each segment the first of several long ones to one phone that has none for it', async () => {
        const on = await bench(makeStorage);
        const receipts = on.collect();
        await on.accepted({ id: 'sms-1', to: A, messageIds: ['x', 'y'] });
        await on.accepted({ id: 'sms-2', to: A, messageIds: ['x', 'y'] });
        await on.arrives(from(A, 'x'), from(A, 'x', 'UNDELIV'), from(A, 'y'), from(A, 'y'));
        const given = receipts.map(({ id, state }) => `${id} ${state}`);
        assert.deepEqual(given, ['sms-1 DELIVRD', 'sms-2 UNDELIV']);
      });

      it('takes one that asked for receipts before one of which only a failure is told', async () => {
        const on = await bench(makeStorage);
        const receipts = on.collect();
        await on.accepted({ id: 'sms-1', to: A, messageIds: ['x'], receipt: 'on-failure' });
        await on.accepted({ id: 'sms-2', to: A, messageIds: ['x'] });
        await on.accepted({ id: 'sms-3', to: A, messageIds: ['x'], receipt: 'on-failure' });
        for (const stat of ['DELIVRD', 'UNDELIV', 'EXPIRED']) await on.arrives(from(A, 'x', stat));
        assert.deepEqual(owners(receipts), ['sms-2', 'sms-3', 'sms-1']);
      });

      it('takes the first that has none when the phone fits none of them', async () => {
        const on = await bench(makeStorage);
        const receipts = on.collect();
        await on.accepted({ id: 'sms-a', to: A, messageIds: ['x'] });
        await on.accepted({ id: 'sms-b', to: B, messageIds: ['x'] });
        await on.arrives(from(NOBODY, 'x'), from(NOBODY, 'x', 'UNDELIV'));
        await on.clock.advance(MINUTE);
        assert.deepEqual(owners(receipts), ['sms-a', 'sms-b']);
      });

      it('waits for the one whose phone fits, which is accepted after its receipt', async () => {
        const on = await bench(makeStorage);
        const receipts = on.collect();
        await on.accepted({ id: 'sms-a', to: A, messageIds: ['x'] });
        await on.arrives(from(B, 'x', 'UNDELIV'));
        await on.clock.advance(MINUTE - 1);
        const before = receipts.length;
        await on.accepted({ id: 'sms-b', to: B, messageIds: ['x'] });
        await on.arrives(from(A, 'x'));
        const given = receipts.map(({ id, state }) => `${id} ${state}`);
        assert.deepEqual([before, given], [0, ['sms-b UNDELIV', 'sms-a DELIVRD']]);
      });

      it('waits for it over a restart', async () => {
        const on = await bench(makeStorage);
        await on.accepted({ id: 'sms-a', to: A, messageIds: ['x'] });
        await on.arrives(from(B, 'x'));
        await on.restart();
        const receipts = on.collect();
        await on.clock.advance(MINUTE - 1);
        const before = receipts.length;
        await on.accepted({ id: 'sms-b', to: B, messageIds: ['x'] });
        assert.deepEqual([before, owners(receipts)], [0, ['sms-b']]);
      });

      it('goes on waiting for it while others are accepted', async () => {
        const on = await bench(makeStorage);
        const receipts = on.collect();
        await on.accepted({ id: 'sms-a', to: A, messageIds: ['x'] });
        await on.arrives(from(B, 'x'));
        await on.accepted({ id: 'sms-c', to: NOBODY, messageIds: ['x'] });
        const before = receipts.length;
        await on.acceptedLate({ id: 'sms-b', to: B, messageIds: ['x'] });
        assert.deepEqual([before, owners(receipts)], [0, ['sms-b']]);
      });

      it('tells them by a copy that became known late', async () => {
        const on = await bench(makeStorage);
        const receipts = on.collect();
        await on.accepted({ id: 'sms-a', to: A, messageIds: ['a'] });
        await on.accepted({ id: 'sms-b', to: B, messageIds: ['x'] });
        await on.acceptedLate({ id: 'sms-a', to: A, messageIds: ['x'] });
        await on.arrives(from(A, 'x'), from(B, 'x'));
        assert.deepEqual(owners(receipts), ['sms-a', 'sms-b']);
      });
    });
  }

  for (const written of [A, `+${A}`, `00${A}`, '11111111', '011111111', `+45 11 11 11 11`, '11-11-11-11']) {
    it(`knows a phone that the gateway writes ${written}`, async () => {
      const on = await bench();
      const receipts = on.collect();
      await on.accepted({ id: 'sms-a', to: A, messageIds: ['x'] });
      await on.accepted({ id: 'sms-b', to: B, messageIds: ['x'] });
      await on.arrives(from(written, 'x'));
      assert.deepEqual(owners(receipts), ['sms-a']);
    });
  }

  for (const written of ['+11111111', '0011111111', '1111', '1', '', 'Alarm', `${A}1`, '111111111']) {
    it(`takes no phone that the gateway writes “${written}” for another’s`, async () => {
      const on = await bench();
      const receipts = on.collect();
      await on.accepted({ id: 'sms-a', to: A, messageIds: ['X'] });
      await on.arrives(from(written, 'x'));
      await on.clock.advance(MINUTE);
      assert.deepEqual(owners(receipts), [undefined]);
    });
  }

  it('knows a phone in the place of the sender, unless that in its own place fits', async () => {
    const on = await bench();
    const receipts = on.collect();
    await on.accepted({ id: 'sms-a', to: A, messageIds: ['x'], from: B });
    await on.accepted({ id: 'sms-b', to: B, messageIds: ['x'] });
    const receipt = receiptFor('x');
    await on.arrives({ ...receipt, from: SENDER, to: A }, { ...receipt, from: B, to: A });
    assert.deepEqual(owners(receipts), ['sms-a', 'sms-b']);
  });

  for (const phone of ['', 'Alarm', '+', '45x']) {
    it(`takes the only SMS with the exact id at once for a receipt from “${phone}”`, async () => {
      const on = await bench();
      const receipts = on.collect();
      await on.accepted({ id: 'sms-a', to: A, messageIds: ['x'] });
      await on.accepted({ id: 'sms-b', to: B, messageIds: ['X'] });
      await on.arrives(from(phone, 'x'));
      assert.deepEqual(owners(receipts), ['sms-a']);
    });
  }

  it('takes the only SMS with the exact id for a receipt from another phone once it has waited a minute', async () => {
    const on = await bench();
    const receipts = on.collect();
    await on.accepted({ id: 'sms-a', to: A, messageIds: ['x'] });
    await on.accepted({ id: 'sms-b', to: B, messageIds: ['X'] });
    await on.arrives(from(NOBODY, 'x'));
    await on.clock.advance(MINUTE - 1);
    const before = receipts.length;
    await on.clock.advance(1);
    assert.deepEqual([before, owners(receipts)], [0, ['sms-a']]);
  });

  it('takes that SMS as soon as others that wait have used up the room', async () => {
    const on = await bench(memoryStorage, { heldReceipts: 1 });
    const receipts = on.collect();
    await on.accepted({ id: 'sms-a', to: A, messageIds: ['x'] });
    await on.arrives(from(NOBODY, 'x'), from(NOBODY, 'y'));
    assert.deepEqual(owners(receipts), ['sms-a']);
  });

  it('names a receipt that waits so where receipts of unknown SMS are asked for', async () => {
    const on = await bench();
    await on.accepted({ id: 'sms-a', to: A, messageIds: ['x'] });
    await on.arrives(from(B, 'x'));
    assert.deepEqual(
      on.tracker.unknownReceiptsFor(B).map(({ messageId }) => messageId),
      ['x'],
    );
  });

  describe('of an id that only an SMS to another phone has, in another letter case,', () => {
    it('waits for its own SMS', async () => {
      const on = await bench();
      const receipts = on.collect();
      await on.accepted({ id: 'sms-a', to: A, messageIds: ['X'] });
      await on.arrives(from(B, 'x'));
      await on.clock.advance(MINUTE - 1);
      await on.accepted({ id: 'sms-b', to: B, messageIds: ['x'] });
      assert.deepEqual(owners(receipts), ['sms-b']);
    });

    it('goes on waiting when that one becomes known', async () => {
      const on = await bench();
      const receipts = on.collect();
      await on.arrives(from(B, 'x'));
      await on.accepted({ id: 'sms-a', to: A, messageIds: ['X'] });
      const before = [owners(receipts), on.tracker.unknownReceiptsFor(B).map(({ messageId }) => messageId)];
      await on.accepted({ id: 'sms-b', to: B, messageIds: ['x'] });
      assert.deepEqual([before, owners(receipts)], [[[], ['x']], ['sms-b']]);
    });

    it('comes unmatched after a minute', async () => {
      const on = await bench();
      const receipts = on.collect();
      await on.accepted({ id: 'sms-a', to: A, messageIds: ['X'] });
      await on.arrives(from(B, 'x'));
      await on.clock.advance(MINUTE);
      assert.deepEqual(
        receipts.map(({ id, matched }) => [id, matched]),
        [[undefined, false]],
      );
    });
  });

  it('drops no receipt of a copy whose other segments had to give way', async () => {
    const on = await bench(memoryStorage, { copyIds: 1 });
    const receipts = on.collect();
    await on.accepted({ messageIds: ['a-1', 'a-2'], copies: [['c-1', 'c-2']] });
    await on.arrives(receiptFor('c-2'), receiptFor('a-1'));
    await on.clock.advance(MINUTE);
    assert.deepEqual(
      receipts.map(({ messageId, matched }) => [messageId, matched]),
      [['c-2', false]],
    );
  });
});
