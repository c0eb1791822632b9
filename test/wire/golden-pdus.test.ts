/** Every golden PDU is read, written and read again as it says. */
import assert from 'node:assert/strict';

import { COMMAND_ID } from '../../lib/pdu/command.js';
import { decodePdu } from '../../lib/pdu/decode.js';
import { encodeAll, encodePdu } from '../../lib/pdu/encode.js';
import { Framer } from '../../lib/pdu/framer.js';
import { GOLDEN_PDUS } from './golden-pdus.js';

const WRITTEN = GOLDEN_PDUS.filter(({ direction }) => direction === 'both');

describe('golden PDUs', () => {
  for (const { name, source, octets, pdu } of GOLDEN_PDUS) {
    it(`reads ${name} (${source})`, () => {
      assert.deepEqual(decodePdu(octets), pdu);
    });
  }

  for (const { name, octets, pdu } of WRITTEN) {
    it(`writes ${name}`, () => {
      assert.equal(encodePdu(pdu).toString('hex'), octets.toString('hex'));
    });
  }

  for (const { name, pdu } of GOLDEN_PDUS) {
    it(`reads what it wrote of ${name}`, () => {
      assert.deepEqual(decodePdu(encodePdu(pdu)), pdu);
    });
  }

  it('writes all of them into one buffer, one after another', () => {
    const expected = Buffer.concat(WRITTEN.map(({ octets }) => octets));
    assert.equal(encodeAll(WRITTEN.map(({ pdu }) => pdu)).toString('hex'), expected.toString('hex'));
  });

  it('cuts all of them out of one chunk', () => {
    const frames = new Framer().push(Buffer.concat(GOLDEN_PDUS.map(({ octets }) => octets)));
    assert.deepEqual(
      frames.map((frame) => decodePdu(frame)),
      GOLDEN_PDUS.map(({ pdu }) => pdu),
    );
  });

  it('has every command that the codec knows', () => {
    const golden = new Set(GOLDEN_PDUS.map(({ pdu }) => pdu.command));
    assert.deepEqual([...golden].sort(), [...Object.keys(COMMAND_ID), 'unknown'].sort());
  });
});
