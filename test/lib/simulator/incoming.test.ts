import assert from 'node:assert/strict';
import { errors, type PDU } from 'smpp';
import { startSimulator, type IncomingSms, type Simulator } from '../../../lib/simulator/simulator.js';
import { SmppClient, textOf } from './client.js';

const SMS: IncomingSms = { from: '4512345678', to: '1204', text: 'OK æøå' };
/** Three parts in GSM7, two of them cut before an escape pair. */
const LONG = '€'.repeat(200);

describe('an SMS that comes in at the simulated gateway', () => {
  let simulator: Simulator;
  let client: SmppClient;
  beforeEach(async () => {
    simulator = await startSimulator({ redeliverMs: 5 });
    client = await SmppClient.connectBound(simulator);
  });
  afterEach(() => simulator.stop());

  const receive = async (count: number): Promise<PDU[]> => {
    const pdus: PDU[] = [];
    while (pdus.length < count) pdus.push(await client.next('deliver_sm'));
    return pdus;
  };
  const udhOf = (pdu: PDU): string[] =>
    (pdu.short_message as { udh: Buffer[] }).udh.map((element) => element.toString('hex'));

  it('is a deliver_sm with its addresses and text', async () => {
    await simulator.incoming(SMS);
    const pdu = await client.next('deliver_sm');
    assert.deepEqual(
      [pdu.source_addr, pdu.destination_addr, textOf(pdu), pdu.data_coding, pdu.esm_class],
      ['4512345678', '1204', 'OK æøå', 0, 0],
    );
  });

  it('says what kind of number each address is', async () => {
    await simulator.incoming(SMS);
    const pdu = await client.next('deliver_sm');
    assert.deepEqual(
      [pdu.source_addr_ton, pdu.source_addr_npi, pdu.dest_addr_ton, pdu.dest_addr_npi],
      [1, 1, 3, 0],
    );
  });

  for (const [text, flash, dataCoding] of [
    ['ok', true, 0x10],
    ['😀', false, 0x08],
    ['😀', true, 0x18],
  ] as const) {
    it(`has data_coding ${dataCoding} for "${text}"${flash ? ' as flash' : ''}`, async () => {
      await simulator.incoming({ ...SMS, text, flash });
      const pdu = await client.next('deliver_sm');
      assert.deepEqual([pdu.data_coding, textOf(pdu)], [dataCoding, text]);
    });
  }

  it('resolves as accepted once the client has answered it', async () => {
    assert.equal(await simulator.incoming(SMS), 'accepted');
  });

  it('resolves as refused when the client refused it for good', async () => {
    client.deliverStatus = errors.ESME_RX_R_APPN;
    assert.equal(await simulator.incoming(SMS), 'refused');
  });

  it('is sent again until the client accepts it', async () => {
    client.deliverStatus = errors.ESME_RX_T_APPN;
    const outcome = simulator.incoming(SMS);
    await client.next('deliver_sm');
    client.deliverStatus = errors.ESME_ROK;
    assert.equal(await outcome, 'accepted');
  });

  it('resolves as dropped when the simulator stops before', async () => {
    client.deliverStatus = undefined;
    const outcome = simulator.incoming(SMS);
    await client.next('deliver_sm');
    await simulator.stop();
    assert.equal(await outcome, 'dropped');
  });

  it('waits for a session that can receive', async () => {
    await client.request('unbind');
    await client.ended;
    const outcome = simulator.incoming(SMS);
    client = await SmppClient.connectBound(simulator, 1);
    assert.equal(await outcome, 'accepted');
  });

  it('goes to the account that was named', async () => {
    const other = await SmppClient.connect(simulator);
    await other.bind('receiver', { system_id: 'other', password: 'x' });
    await simulator.incoming({ ...SMS, systemId: 'other' });
    assert.deepEqual(
      [client, other].map(({ log }) => log.filter(({ command }) => command === 'deliver_sm').length),
      [0, 1],
    );
  });

  it('comes in parts with an 8-bit header when it is long', async () => {
    await simulator.incoming({ ...SMS, text: LONG, reference: 0x1234 });
    const parts = await receive(3);
    assert.deepEqual(
      [parts.map(udhOf), parts.map(textOf).join('')],
      [[['0003340301'], ['0003340302'], ['0003340303']], LONG],
    );
  });

  it('comes in parts with a 16-bit header', async () => {
    await simulator.incoming({ ...SMS, text: LONG, reference: 0x1234, longMessage: 'udh16' });
    const parts = await receive(3);
    assert.deepEqual(
      [parts.map(udhOf), parts.map(textOf).join('')],
      [[['080412340301'], ['080412340302'], ['080412340303']], LONG],
    );
  });

  it('comes in parts with SAR TLVs', async () => {
    await simulator.incoming({ ...SMS, text: LONG, reference: 0x1234, longMessage: 'sar' });
    const parts = await receive(3);
    assert.deepEqual(
      parts.map((pdu) => [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum]),
      [
        [0x1234, 3, 1],
        [0x1234, 3, 2],
        [0x1234, 3, 3],
      ],
    );
  });

  it('comes whole as message_payload', async () => {
    await simulator.incoming({ ...SMS, text: LONG, longMessage: 'payload' });
    const pdu = await client.next('deliver_sm');
    assert.equal((pdu.message_payload as { message: string }).message, LONG);
  });

  it('gives each long one a reference of its own', async () => {
    await simulator.incoming({ ...SMS, text: LONG });
    await simulator.incoming({ ...SMS, text: LONG });
    const references = (await receive(6)).map((pdu) => udhOf(pdu)[0]?.slice(4, 6));
    assert.equal(new Set(references).size, 2);
  });

  it('never cuts a surrogate pair in two', async () => {
    const text = `x${'😀'.repeat(100)}`;
    await simulator.incoming({ ...SMS, text });
    const parts = (await receive(4)).map(textOf);
    assert.deepEqual([parts.join(''), parts.some((part) => /[\ud800-\udbff]$/.test(part))], [text, false]);
  });

  for (const longMessage of ['udh8', 'sar', 'payload'] as const) {
    it(`is refused when no SMS is as long, and hinders no other (${longMessage})`, async () => {
      const text = 'x'.repeat(256 * 152);
      await assert.rejects(
        simulator.incoming({ ...SMS, text, longMessage }),
        /256 parts, and has at most 255/,
      );
      assert.equal(await simulator.incoming(SMS), 'accepted');
    });
  }

  it('leaves parts out and turns them round where asked to', async () => {
    await simulator.incoming({ ...SMS, text: LONG, parts: [3, 1] });
    const parts = await receive(2);
    assert.deepEqual(
      parts.map((pdu) => udhOf(pdu)[0]?.slice(8)),
      ['03', '01'],
    );
  });

  it('carries any octets in any data coding', async () => {
    await simulator.incoming({ ...SMS, binary: { octets: Buffer.from([1, 2, 255]), dataCoding: 4 } });
    const pdu = await client.next('deliver_sm');
    assert.deepEqual([pdu.data_coding, Buffer.from(textOf(pdu))], [4, Buffer.from([1, 2, 255])]);
  });
});
