/** What is left in the files of a store, as time goes by, of SMS that went out and came in. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Engine } from '../../lib/engine.js';
import { readGatewayOptions } from '../../lib/gateway-options.js';
import {
  createGateway,
  type DeliveryReceipt,
  type InboundSms,
  type SubmitResult,
} from '../../lib/gateway.js';
import { createSimulator } from '../../lib/simulator/simulator.js';
import { JournalMachine } from '../support/journal-machine.js';
import { collector } from '../support/over-tls.js';

const TEXT = 'kanarietekst';
const NUMBER = '4526482648';
const PHONE = '4526482649';
const REPLY = 'kanariesvar';
const CORRELATION = 'kanariesag';
const PASSWORD = 'Kanar1e7';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe('the files of a store', function () {
  // Three days of virtual time are work for a busy machine.
  this.timeout(120_000);
  const machine = new JournalMachine();
  let engine: Engine;

  const held = (canaries: readonly string[]): string[] => {
    const content = machine.disk.paths
      .map((file) => machine.disk.contentOf(file).toString('latin1'))
      .join('\n');
    return canaries.filter((canary) => content.includes(canary));
  };

  /** Time passes until it is done. */
  async function passing<T>(work: Promise<T>): Promise<T> {
    const state = { isDone: false };
    const done = (): void => {
      state.isDone = true;
    };
    work.then(done, done);
    while (!state.isDone) await machine.clock.advance(10);
    return work;
  }

  before(async () => {
    const { clock } = machine;
    const simulator = createSimulator({ receiptDelayMs: 10, clock });
    const settings = readGatewayOptions({ systemId: 'id', password: PASSWORD, clock });
    const storage = machine.start();
    const { connect } = simulator;
    const nothing = () => undefined;
    engine = new Engine({ settings, storage, connect, count: nothing, changed: nothing });
    const receipts = collector<DeliveryReceipt>();
    const incoming = collector<InboundSms>();
    await passing(engine.start());
    engine.tracker.onReceipt(receipts.take, 'message');
    engine.inbox.onSms(incoming.take);
    const settled = collector<SubmitResult>();
    engine.outbox.onSettled(settled.take);
    const key = { dedupeKey: 'k', dedupeMs: 30 * 24 * HOUR_MS };
    const sms = { to: NUMBER, from: 'us', text: TEXT, correlation: { case: CORRELATION }, ...key };
    await passing(engine.outbox.enqueue(sms));
    assert.deepEqual(held([TEXT, NUMBER, CORRELATION]), [TEXT, NUMBER, CORRELATION], 'they were there');
    await passing(settled.reach(1));
    await passing(receipts.reach(1));
    await passing(simulator.incoming({ from: PHONE, to: '1204', text: REPLY }));
    await passing(incoming.reach(1));
    await simulator.stop();
  });
  after(() => passing(engine.stop()));

  it('never hold the password', () => {
    assert.deepEqual(held([PASSWORD]), []);
  });

  it('hold no text and no incoming SMS an hour after it was settled or handed on', async () => {
    await machine.clock.advance(HOUR_MS);
    assert.deepEqual(held([TEXT, REPLY, PHONE]), []);
  });

  it('hold the number that was sent to for as long as a receipt may come', async () => {
    assert.deepEqual(held([NUMBER]), [NUMBER]);
  });

  it('hold neither number nor correlation an hour after the 72 that it may take', async () => {
    await machine.clock.advance(72 * HOUR_MS);
    assert.deepEqual(held([NUMBER, CORRELATION]), []);
  });

  it('are for their owner alone', async () => {
    const directory = path.join(mkdtempSync(path.join(tmpdir(), 'retention-')), 'store');
    const gateway = createGateway({
      systemId: 'id',
      password: 'pw',
      storage: { kind: 'disk', directory },
      connect: () => Promise.reject(new Error('down')),
    });
    await gateway.start();
    await gateway.enqueue({ to: NUMBER, from: 'us', text: TEXT });
    const files = readdirSync(directory).map((file) => path.join(directory, file));
    const modes = [directory, ...files].map((file) => statSync(file).mode & 0o077);
    await gateway.stop();
    rmSync(path.dirname(directory), { recursive: true });
    assert.deepEqual([files.length > 0, new Set(modes)], [true, new Set([0])]);
  });
});
