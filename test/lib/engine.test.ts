import assert from 'node:assert/strict';
import { DEFAULT_BOUNDS } from '../../lib/bounds.js';
import { Engine } from '../../lib/engine.js';
import { readGatewayOptions, type GatewayOptions } from '../../lib/gateway-options.js';
import type { SubmitResult } from '../../lib/message.js';
import { STATUS } from '../../lib/pdu/command-status.js';
import { storedTracked } from '../../lib/receipt/stored-tracked.js';
import { memoryStorage } from '../../lib/storage/memory-storage.js';
import { TABLES, type Change, type Storage } from '../../lib/storage/storage.js';
import { FakeClock } from '../support/fake-clock.js';
import { heldStorage } from '../support/held-storage.js';
import { DIRECTORY, JournalMachine } from '../support/journal-machine.js';
import { slowScan } from '../support/slow-scan.js';
import { fakeGateway } from './connection/fake-gateway.js';
import { bench } from './outbox/outbox-bench.js';
import { partDelivery } from './inbox/builders.js';
import { receiptFor, trackedRecord } from './receipt/builders.js';
import { aDeliverSm } from './session/builders.js';

const nothing = (): void => undefined;

function engineOn(storage: Storage, clock: FakeClock): Engine {
  const account = { systemId: 'me', password: 'secret', onUncertain: 'report' } as const;
  const settings = readGatewayOptions({ ...account, clock, log: nothing });
  return new Engine({
    settings,
    storage,
    connect: () => new Promise(nothing),
    count: nothing,
    changed: nothing,
  });
}

/** Its queue cannot be read to the end from now on; returns what mends it. */
function damage(storage: Storage): () => void {
  const { scan } = storage;
  storage.scan = async function* (table) {
    yield* scan(table);
    if (table === 'outbox') throw new Error('a bad sector');
  };
  return () => (storage.scan = scan);
}

describe('Engine whose start fails', () => {
  it('sets no timer and hands nothing on', async () => {
    const clock = new FakeClock();
    const storage = heldStorage(clock);
    const first = engineOn(storage, clock);
    await first.start();
    await storage.write(first.tracker.take(receiptFor('a-1'))?.changes ?? []);
    await first.stop();
    damage(storage);
    const second = engineOn(storage, clock);
    second.tracker.onReceipt(() => assert.fail('it is not running'));
    await assert.rejects(second.start(), /a bad sector/);
    await clock.advance(120_000);
    assert.equal(clock.pending, 0);
  });

  it('writes nothing any more, which would be into the storage of its successor', async () => {
    const clock = new FakeClock();
    const storage = heldStorage(clock);
    const { take, up } = await bench({ storage, clock });
    await take();
    await up(); // under way as its process dies: the next reports it as uncertain
    const mend = damage(storage);
    storage.fail();
    const starting = assert.rejects(engineOn(storage, clock).start(), /a bad sector/);
    await clock.advance(5_000);
    await starting;
    mend();
    storage.release();
    const before = storage.writes;
    await clock.advance(60_000);
    assert.equal(storage.writes, before);
  });
});

describe('Engine that is stopped between two segments of a long SMS', () => {
  const HOST = 'smpp-dk1.inmobile.dk';

  /** submit_sm of each run that had to be stopped, and the result. */
  async function sent(segmentsPerSecond: number): Promise<readonly [number[], SubmitResult | undefined]> {
    const clock = new FakeClock();
    const storage = heldStorage(clock);
    const gateway = fakeGateway([HOST], () => clock.now());
    const account = { systemId: 'me', password: 'secret', hosts: [{ host: HOST }] };
    const counts: number[] = [];
    let result: SubmitResult | undefined;
    for (let run = 0; run < 2; run += 1) {
      const settings = readGatewayOptions({ ...account, segmentsPerSecond, clock, log: nothing });
      const { connect } = gateway;
      const engine = new Engine({ settings, storage, connect, count: nothing, changed: nothing });
      await engine.start();
      engine.outbox.onSettled((settled) => void (result = settled));
      if (run === 0)
        await engine.outbox.enqueue({ to: '4512345678', from: 'Alarm', text: 'x'.repeat(8 * 153) });
      await clock.advance(run === 0 ? 500 : 20_000);
      const stopped = engine.stop();
      await clock.advance(4_900);
      await stopped;
      counts.push(
        gateway
          .host(HOST)
          .sessions.at(-1)!
          .commands()
          .filter((command) => command === 'submit_sm').length,
      );
      assert.equal(clock.pending, 0);
    }
    return [counts, result];
  }

  it('has the rest of it leave first', async () => {
    const [counts, result] = await sent(4);
    assert.deepEqual(counts, [8, 0]);
    assert.equal(result?.possibleDuplicate, false);
  });

  it('sends the whole again after the next start, and says so, when it has no time for that', async () => {
    const [[before = 0, after], result] = await sent(1);
    assert.ok(before > 1 && before < 8, `${before}`);
    assert.deepEqual([after, result?.outcome, result?.possibleDuplicate], [8, 'accepted', true]);
  });
});

describe('Engine, of a gateway that answers ESME_RBINDFAIL', () => {
  const HOSTS = ['smpp-dk1.inmobile.dk', 'smpp-dk2.inmobile.dk'];

  async function stateAfter(minutes: number, bounds: readonly Partial<GatewayOptions>[]): Promise<string> {
    const clock = new FakeClock();
    const storage = memoryStorage(clock);
    const gateway = fakeGateway(HOSTS, () => clock.now());
    const run = async (options: Partial<GatewayOptions>): Promise<Engine> => {
      const settings = readGatewayOptions({ systemId: 'me', password: 'secret', ...options, clock });
      const { connect } = gateway;
      const engine = new Engine({ settings, storage, connect, count: nothing, changed: nothing });
      await engine.start();
      await clock.advance(1_000);
      return engine;
    };
    const stop = async (engine: Engine): Promise<void> => {
      const stopped = engine.stop();
      await clock.advance(5_000);
      await stopped;
    };
    for (const options of bounds) await stop(await run(options));
    for (const host of HOSTS) gateway.host(host).bindStatus = STATUS.ESME_RBINDFAIL;
    const engine = await run({});
    await clock.advance(minutes * 60_000);
    const { state } = engine.connection;
    await stop(engine);
    return state;
  }

  it('tells of maintenance after a restart of ours, since the account was bound before', async () => {
    assert.equal(await stateAfter(0, [{}]), 'maintenance');
    assert.equal(await stateAfter(14, [{}]), 'maintenance');
    assert.equal(await stateAfter(15, [{}]), 'disconnected');
  });

  it('tells of a refused login after 5 minutes, when it never was', async () => {
    assert.equal(await stateAfter(4, []), 'retrying');
    assert.equal(await stateAfter(5, []), 'refused');
  });

  it('knows the account by one of the hosts too, which are one service', async () => {
    assert.equal(await stateAfter(5, [{ hosts: [{ host: HOSTS[1]! }] }]), 'maintenance');
  });

  for (const [name, options] of [
    ['mode', { connectionMode: 'receiver' }],
    ['account', { systemId: 'other' }],
    ['gateway', { hosts: [{ host: HOSTS[0]!, port: 2776 }] }],
  ] as const) {
    it(`does not take another ${name} for it`, async () => {
      assert.equal(await stateAfter(5, [options]), 'refused');
    });
  }

  it('keeps nothing that names the account', async () => {
    const clock = new FakeClock();
    const storage = memoryStorage(clock);
    const { connect } = fakeGateway(HOSTS, () => clock.now());
    const settings = readGatewayOptions({ systemId: 'canary', password: 'secret', clock });
    const engine = new Engine({ settings, storage, connect, count: nothing, changed: nothing });
    await engine.start();
    await clock.advance(1_000);
    const kept: unknown[] = [];
    for await (const record of storage.scan('account')) kept.push(record);
    assert.equal(kept.length, 1);
    assert.doesNotMatch(JSON.stringify(kept), /canary|secret/);
    const stopped = engine.stop();
    await clock.advance(5_000);
    await stopped;
  });
});

/** Bound to a gateway in memory. */
async function running(makeStorage: (clock: FakeClock) => Storage = memoryStorage, bounds = DEFAULT_BOUNDS) {
  const clock = new FakeClock();
  const gateway = fakeGateway(['localhost'], () => clock.now());
  const lines: string[] = [];
  const log = (_level: string, line: string) => lines.push(line);
  const account = { systemId: 'me', password: 'secret', hosts: [{ host: 'localhost' }], tls: false } as const;
  const engine = new Engine({
    settings: readGatewayOptions({ ...account, clock, log }),
    storage: makeStorage(clock),
    connect: gateway.connect,
    count: nothing,
    changed: nothing,
    bounds,
  });
  await engine.start();
  await clock.advance(0);
  const peer = gateway.host('localhost').bound[0]!;
  let lastNumber = 100;
  return {
    engine,
    peer,
    lines,
    clock,
    async receipt(messageId: string, state = 'DELIVRD'): Promise<void> {
      lastNumber += 1;
      peer.send({ ...aDeliverSm(lastNumber, `id:${messageId} stat:${state} err:000`), esm_class: 0x04 });
      await clock.advance(0);
    },
    async stop(): Promise<void> {
      const stopped = engine.stop();
      await clock.advance(5_000);
      await stopped;
    },
  };
}

describe('Engine whose handler fails', () => {
  it('asks for a deliver_sm again, says so, and goes on', async () => {
    const { engine, peer, lines, receipt, stop } = await running();
    const { take } = engine.tracker;
    engine.tracker.take = () => {
      throw new RangeError('4512345678');
    };
    await receipt('a-1');
    engine.tracker.take = take;
    await receipt('a-1');
    assert.deepEqual(
      peer.answers('deliver_sm_resp').map(([, status]) => status),
      [STATUS.ESME_RX_T_APPN, 0],
    );
    const said = lines.filter((line) => line.startsWith('a deliver_sm could not be handled'));
    assert.match(said.join(), /^a deliver_sm could not be handled; .*, at .*: RangeError$/);
    await stop();
  });
});

describe('Engine, of whose timers one fails', () => {
  it('says so, and goes on', async () => {
    const { engine, clock, receipt, lines, stop } = await running();
    const states: string[] = [];
    engine.tracker.onReceipt(({ state }) => void states.push(state));
    engine.tracker.lastSmsTo = () => {
      throw new RangeError('4512345678');
    };
    engine.inbox.accept(partDelivery(Buffer.from('abc'), { total: 2, sequence: 1 }), 1, () => undefined);
    await clock.advance(5 * 60_000);
    await receipt('a-1');
    await clock.advance(60_000);
    assert.deepEqual(states, ['DELIVRD']);
    assert.match(lines.join('\n'), /^what was due could not be handled, at .*: RangeError$/m);
    await stop();
  });
});

describe('Engine whose user changes what it was given', () => {
  const SMS = { to: '4587654321', from: 'Alarm', text: 'Hi' };

  for (const [where, makeStorage, bounds] of [
    ['in memory', memoryStorage, DEFAULT_BOUNDS],
    ['on disk', heldStorage, DEFAULT_BOUNDS],
    ['on disk, where it is read back', heldStorage, { ...DEFAULT_BOUNDS, recentCorrelationCharacters: 1 }],
  ] as const) {
    it(`gives the correlation as it was sent, ${where}`, async () => {
      const { engine, clock, receipt, peer, stop } = await running(makeStorage, bounds);
      const seen: unknown[] = [];
      const change = ({ correlation }: { readonly correlation?: unknown }): void => {
        seen.push(structuredClone(correlation));
        Object.assign(correlation as object, { order: 'changed' });
      };
      const correlation = { order: [7] };
      const sending = engine.outbox.send({ ...SMS, correlation });
      correlation.order[0] = 8;
      await clock.advance(0);
      const result = await sending;
      change(result);
      engine.tracker.onReceipt(change);
      engine.inbox.onSms(({ inReplyTo = {} }) => change(inReplyTo));
      for (const state of ['ENROUTE', 'ACCEPTD', 'DELIVRD']) await receipt(result.messageIds[0]!, state);
      for (const number of [7, 8]) peer.send(aDeliverSm(number, `answer ${number}`));
      await clock.advance(0);
      assert.deepEqual(seen, Array(6).fill({ order: [7] }));
      await stop();
    });
  }
});

describe('Engine that starts on many SMS of earlier processes', () => {
  it('sends what waits while it reads them', async () => {
    const clock = new FakeClock();
    const storage = heldStorage(clock);
    const { take } = await bench({ storage, clock });
    await take();
    const slow = slowScan(storage, 'tracked');
    const gateway = fakeGateway(['smpp-dk1.inmobile.dk'], () => clock.now());
    const settings = readGatewayOptions({ systemId: 'me', password: 'secret', clock, log: nothing });
    const { connect } = gateway;
    const engine = new Engine({ settings, storage, connect, count: nothing, changed: nothing });
    await engine.start();
    await clock.advance(1_000);
    const commands = gateway.host('smpp-dk1.inmobile.dk').sessions[0]?.commands();
    const isRead = engine.tracker.lastSmsTo('4512345678') !== 'unread';
    slow.release();
    const stopped = engine.stop();
    await clock.advance(4_900);
    await stopped;
    assert.deepEqual([commands?.includes('submit_sm'), isRead], [true, false]);
  });
});

describe('Engine on a disk on which a record goes bad once the journal is open', () => {
  const PATH = `${DIRECTORY}/journal-000001.ndjson`;

  /** Of an earlier process, each record on its own. */
  async function stored(changes: readonly Change[]): Promise<JournalMachine> {
    const machine = new JournalMachine();
    const storage = await machine.open();
    for (const change of changes) await storage.write([change]);
    await storage.close();
    return machine;
  }

  /** What follows these words goes bad. */
  function opened(machine: JournalMachine, words: string): Storage {
    const storage = machine.start();
    const open = storage.open.bind(storage);
    storage.open = async (signal) => {
      await open(signal);
      machine.disk.rot(PATH, machine.disk.contentOf(PATH).indexOf(words));
    };
    return storage;
  }

  it('matches the receipts of all other SMS', async () => {
    const tracked = ['a', 'b', 'c'].map((name): Change => {
      const acceptedAt = new FakeClock().wall();
      const sms = trackedRecord({ id: `sms-${name}`, messageIds: [`${name}-1`], acceptedAt });
      return { table: 'tracked', key: sms.id, value: storedTracked(sms) };
    });
    const machine = await stored(tracked);
    const { engine, clock, receipt, stop } = await running(() => opened(machine, 'b-1'));
    const receipts: unknown[] = [];
    engine.tracker.onReceipt(({ id, messageId, matched }) => void receipts.push([id, messageId, matched]));
    await engine.tracker.whenRead();
    for (const name of ['a', 'b', 'c']) await receipt(`${name}-1`);
    const soon = [...receipts];
    await clock.advance(60_000);
    assert.deepEqual(soon, [
      ['sms-a', 'a-1', true],
      ['sms-c', 'c-1', true],
    ]);
    assert.deepEqual(receipts.slice(2), [[undefined, 'b-1', false]]);
    assert.equal(machine.warnings.filter((line) => line.includes('cannot be read any more')).length, 1);
    await stop();
  });

  it('starts, whichever table it is of', async () => {
    for (const table of TABLES) {
      const machine = await stored([{ table, key: 'sms-9', value: 'damaged' }]);
      const { engine, stop } = await running(() => opened(machine, 'damaged'));
      await engine.tracker.whenRead();
      await stop();
    }
  });

  for (const [what, table, key] of [
    ['the offset of the gateway’s clock', 'account', 'gateway clock'],
    ['the references of long SMS', 'progress', 'references used'],
    ['a dedupe key', 'dedupe', 'k'],
    ['an unknown outcome', 'unknown', 'sms 1'],
    ['an unknown receipt', 'unknown', 'receipt a-1'],
    ['an incoming SMS', 'event', 'sms-1'],
    ['a receipt', 'event', 'receipt-1'],
    ['SMS under way', 'progress', 'round sms-1'],
  ] as const) {
    it(`starts when it is ${what}`, async () => {
      const machine = await stored([{ table, key, value: 'damaged' }]);
      const { engine, stop } = await running(() => opened(machine, 'damaged'));
      await engine.tracker.whenRead();
      await stop();
    });
  }
});
