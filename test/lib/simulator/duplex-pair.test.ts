import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { makeDuplexPair } from '../../../lib/simulator/duplex-pair.js';

describe('makeDuplexPair', () => {
  it('carries octets both ways', async () => {
    const [one, other] = makeDuplexPair();
    one.end('to other');
    other.end('to one');
    assert.deepEqual(await Promise.all([text(one), text(other)]), ['to one', 'to other']);
  });

  it('hands nothing over in the turn in which it was written', () => {
    const [one, other] = makeDuplexPair();
    let isReceived = false;
    other.on('data', () => (isReceived = true));
    one.write('x');
    assert.equal(isReceived, false);
  });

  it('holds up a writer whose reader does not read', async () => {
    const [one] = makeDuplexPair();
    let written = 0;
    while (one.write(Buffer.alloc(16_384)) && written < 100) written += 1;
    assert.ok(written < 100);
  });

  it('lets the writer go on once the reader reads', async () => {
    const [one, other] = makeDuplexPair();
    while (one.write(Buffer.alloc(16_384)));
    other.resume();
    await once(one, 'drain');
  });

  it('ends the other side when one is destroyed', async () => {
    const [one, other] = makeDuplexPair();
    other.resume();
    one.destroy();
    await once(other, 'close');
  });
});
