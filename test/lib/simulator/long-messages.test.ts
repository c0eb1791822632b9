import assert from 'node:assert/strict';
import type { PduFields } from 'smpp';
import { startSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import { FakeClock } from '../../support/fake-clock.js';
import { SmppClient } from './client.js';

interface Part {
  readonly sequence: number;
  readonly total: number;
  readonly reference: number;
  readonly body: Buffer;
}

const udh8 = ({ sequence, total, reference, body }: Part): PduFields => ({
  esm_class: 0x40,
  short_message: Buffer.concat([Buffer.from([5, 0, 3, reference & 0xff, total, sequence]), body]),
});

const udh16 = ({ sequence, total, reference, body }: Part): PduFields => ({
  esm_class: 0x40,
  short_message: Buffer.concat([
    Buffer.from([6, 8, 4, (reference >> 8) & 0xff, reference & 0xff, total, sequence]),
    body,
  ]),
});

const sar = ({ sequence, total, reference, body }: Part): PduFields => ({
  short_message: body,
  sar_msg_ref_num: reference,
  sar_total_segments: total,
  sar_segment_seqnum: sequence,
});

const part = (sequence: number, text: string, changes: Partial<Part> = {}): Part => ({
  sequence,
  total: 2,
  reference: 0x1234,
  body: Buffer.from(text),
  ...changes,
});

describe('a long message to the simulated gateway', () => {
  let simulator: Simulator;
  let client: SmppClient;
  const clock = new FakeClock();
  const TO = '4512345678';
  beforeEach(async () => {
    simulator = await startSimulator({ clock, receiptDelayMs: 100, partsWaitMs: 30_000 });
    client = await SmppClient.connectBound(simulator);
  });
  afterEach(() => simulator.stop());

  /** The err of so many receipts, once they are due. */
  const errors = async (count: number, afterMs: number): Promise<string[]> => {
    await clock.advance(afterMs);
    const found: string[] = [];
    for (let index = 0; index < count; index += 1)
      found.push(/err:(\d+)/.exec(await client.nextText())?.[1] ?? '');
    return found;
  };

  for (const [name, fields] of Object.entries({ udh8, udh16, sar })) {
    it(`is joined from its parts by ${name}`, async () => {
      const answers = [
        await client.submit(TO, fields(part(1, 'Niveauet er '))),
        await client.submit(TO, fields(part(2, 'lavt'))),
      ];
      assert.deepEqual(
        simulator.accepted.map(({ text, messageIds }) => [text, messageIds]),
        [['Niveauet er lavt', answers.map(({ message_id }) => message_id)]],
      );
    });
  }

  it('is taken whole as message_payload', async () => {
    const text = 'x'.repeat(1_000);
    await client.submit(TO, { short_message: '', message_payload: Buffer.from(text) });
    assert.deepEqual(
      simulator.accepted.map((sms) => [sms.text, sms.segments.length]),
      [[text, 1]],
    );
  });

  it('is joined in the order of its numbers', async () => {
    await client.submit(TO, udh8(part(2, 'lavt')));
    await client.submit(TO, udh8(part(1, 'Niveauet er ')));
    assert.equal(simulator.accepted[0]?.text, 'Niveauet er lavt');
  });

  it('heals a surrogate pair that was cut in two', async () => {
    const data_coding = 8;
    await client.submit(TO, { ...udh8(part(1, '', { body: Buffer.from('d83d', 'hex') })), data_coding });
    await client.submit(TO, { ...udh8(part(2, '', { body: Buffer.from('de00', 'hex') })), data_coding });
    assert.equal(simulator.accepted[0]?.text, '😀');
  });

  it('is not among the accepted while a part is missing', async () => {
    await client.submit(TO, udh8(part(1, 'Niveauet er ')));
    assert.deepEqual([simulator.accepted.length, simulator.segments.length], [0, 1]);
  });

  it('keeps apart the parts of two sessions', async () => {
    const other = await SmppClient.connectBound(simulator);
    await client.submit(TO, udh8(part(1, 'Niveauet er ')));
    await other.submit(TO, udh8(part(2, 'lavt')));
    assert.deepEqual(simulator.accepted, []);
  });

  it('has a receipt for each part', async () => {
    await client.submit(TO, udh8(part(1, 'a')));
    await client.submit(TO, udh8(part(2, 'b')));
    assert.deepEqual(await errors(2, 100), ['000', '000']);
  });

  it('has receipts with err 300 when a part never comes', async () => {
    await client.submit(TO, udh8(part(1, 'a')));
    assert.deepEqual(await errors(1, 30_100), ['300']);
  });

  const wrong: readonly [says: string, second: Part, receipts: string[]][] = [
    ['a number over its total', part(3, 'b'), ['301']],
    ['number 0', part(0, 'b'), ['301']],
    ['another total than the first', part(2, 'b', { total: 3 }), ['301', '301']],
    ['the number of another part', part(1, 'b'), ['301', '301']],
  ];
  for (const [says, second, receipts] of wrong) {
    it(`has receipts with err 301 when a part has ${says}`, async () => {
      await client.submit(TO, udh8(part(1, 'a')));
      await client.submit(TO, udh8(second));
      assert.deepEqual(await errors(receipts.length, 100), receipts);
    });
  }

  it('takes the same part twice', async () => {
    await client.submit(TO, udh8(part(1, 'a')));
    await client.submit(TO, udh8(part(1, 'a')));
    await client.submit(TO, udh8(part(2, 'b')));
    assert.deepEqual([simulator.accepted[0]?.text, await errors(3, 100)], ['ab', ['000', '000', '000']]);
  });
});
