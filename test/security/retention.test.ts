/** What is left in the files of a store, as time goes by, of SMS that went out and came in. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createGateway, type Connect, type GatewayOptions } from '../../lib/gateway.js';
import type { DeliveryReceipt, InboundSms } from '../../lib/message.js';
import { createSimulator } from '../../lib/simulator/simulator.js';
import { FakeClock } from '../support/fake-clock.js';
import { collector } from '../support/over-tls.js';

const TEXT = 'kanarietekst';
const NUMBER = '4526482648';
const PHONE = '4526482649';
const REPLY = 'kanariesvar';
const CORRELATION = 'kanariesag';
const PASSWORD = 'Kanar1e7';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Nothing comes of it until it is given up. */
const unreachable: Connect = (_host, _port, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))));

describe('the files of a store', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'retention-'));
  const options: GatewayOptions = {
    systemId: 'id',
    password: PASSWORD,
    storage: { kind: 'disk', directory },
  };

  before(async () => {
    const simulator = createSimulator({ receiptDelayMs: 0 });
    const gateway = createGateway({ ...options, connect: simulator.connect });
    const receipts = collector<DeliveryReceipt>();
    const incoming = collector<InboundSms>();
    gateway.onReceipt(receipts.take);
    gateway.onSms(incoming.take);
    gateway.onSettled(() => undefined);
    await gateway.start();
    await gateway.send({
      to: NUMBER,
      from: 'us',
      text: TEXT,
      correlation: { case: CORRELATION },
      dedupeKey: 'k',
    });
    await receipts.reach(1);
    await simulator.incoming({ from: PHONE, to: '1204', text: REPLY });
    await incoming.reach(1);
    await gateway.stop();
    await simulator.stop();
  });
  after(() => rmSync(directory, { recursive: true }));

  /** Everything in the files, once a gateway has run on them for so long after an absence. */
  async function contentAfter(
    absenceMs: number,
    runsMs: number,
    isDone: (content: string) => boolean,
  ): Promise<string> {
    const clock = new FakeClock();
    clock.shiftWall(Date.now() - clock.wall() + absenceMs);
    const gateway = createGateway({ ...options, clock, connect: unreachable });
    await gateway.start();
    for (let ranMs = 0; ranMs < runsMs; ranMs += MINUTE_MS) await clock.advance(MINUTE_MS);
    // The disk is real and takes its own time: the clock stands still while it does.
    while (!isDone(content())) await new Promise((resolve) => setImmediate(resolve));
    const left = content();
    const stopped = gateway.stop();
    await clock.advance(5_000);
    await stopped;
    return left;
  }

  function content(): string {
    return filesOf(directory)
      .map((file) => {
        try {
          return readFileSync(file, 'latin1');
        } catch {
          return ''; // compacted away meanwhile
        }
      })
      .join('\n');
  }

  const holding = (text: string, canaries: readonly string[]) =>
    canaries.filter((canary) => text.includes(canary));

  it('are for their owner alone', () => {
    const modes = [directory, ...filesOf(directory)].map((file) => statSync(file).mode & 0o077);
    assert.deepEqual(new Set(modes), new Set([0]));
  });

  it('never hold the password', () => {
    assert.deepEqual(holding(content(), [PASSWORD]), []);
  });

  it('hold no text an hour after it was settled or handed on', async () => {
    const canaries = [TEXT, REPLY, PHONE];
    const left = await contentAfter(0, HOUR_MS, (text) => holding(text, canaries).length === 0);
    assert.deepEqual(holding(left, canaries), []);
    assert.deepEqual(holding(left, [NUMBER]), [NUMBER], 'a receipt could still come');
  });

  it('hold no number or correlation an hour after the 72 that a receipt may take', async () => {
    const canaries = [NUMBER, CORRELATION];
    const left = await contentAfter(72 * HOUR_MS, HOUR_MS, (text) => holding(text, canaries).length === 0);
    assert.deepEqual(holding(left, canaries), []);
  });
});

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
