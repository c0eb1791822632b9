/** A stop is over in time and leaves nothing behind, whatever hangs or fails; and so does a start that it comes into. */
import assert from 'node:assert/strict';
import type { Connect } from '../../lib/connection/tls-connect.js';
import { Engine } from '../../lib/engine.js';
import { readGatewayOptions } from '../../lib/gateway-options.js';
import { journalStorage } from '../../lib/storage/journal-storage.js';
import type { Storage } from '../../lib/storage/storage.js';
import { FakeClock, settle } from '../support/fake-clock.js';
import { heldStorage } from '../support/held-storage.js';
import { DIRECTORY, JournalMachine } from '../support/journal-machine.js';
import type { Operation } from '../support/simulated-disk.js';
import { fakeGateway } from './connection/fake-gateway.js';
import { receiptFor } from './receipt/builders.js';

const SMS = { to: '4512345600', from: 'Alarm', text: 'Pump 3 stopped' };

const nothing = (): void => undefined;

const untilAborted: Connect = (_host, _port, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

describe('Engine that is stopped', () => {
  let machine: JournalMachine;
  let lines: string[];
  let fate: Map<Promise<unknown>, string>;

  beforeEach(() => {
    machine = new JournalMachine();
    lines = [];
    fate = new Map();
  });

  function engineOn(storage: Storage, clock = machine.clock): Engine {
    const settings = readGatewayOptions({
      systemId: 'me',
      password: 'secret',
      clock,
      log: (level, line) => lines.push(`${level} ${line}`),
    });
    return new Engine({ settings, storage, connect: untilAborted, count: nothing, changed: nothing });
  }

  /** Keeps what becomes of a promise. */
  function watch<T>(promise: Promise<T>): Promise<T> {
    promise.then(
      () => fate.set(promise, 'resolved'),
      (error: unknown) => fate.set(promise, (error as { code?: string }).code ?? String(error)),
    );
    return promise;
  }

  async function started(): Promise<Engine> {
    const engine = engineOn(machine.start());
    await engine.start();
    return engine;
  }

  const disk: readonly (readonly [Operation, RegExp])[] = [
    ['open', /journal-/],
    ['write', /journal-/],
    ['datasync', /journal-/],
    ['syncDirectory', /^/],
    ['close', /journal-/],
    ['remove', /lock/],
    ['modifiedAt', /lock/],
    ['close', /lock/],
  ];
  for (const [operation, where] of disk) {
    describe(`while ${operation} hangs (${where.source})`, () => {
      let engine: Engine;
      let stopping: Promise<void>;
      let sent: Promise<unknown>;
      let taken: Promise<unknown>;

      beforeEach(async () => {
        engine = await started();
        machine.disk.hang = (current, path) => current === operation && where.test(path);
        sent = watch(engine.outbox.send(SMS));
        taken = watch(engine.outbox.enqueue(SMS));
        await settle();
        stopping = watch(engine.stop());
        await machine.clock.advance(5_000);
      });

      it('is over within 5 s', () => {
        assert.equal(fate.get(stopping), 'resolved');
      });

      it('leaves nobody waiting', () => {
        assert.equal(fate.get(sent), 'SMPP_STOPPED');
        assert.ok(['SMPP_STOPPED', 'resolved'].includes(fate.get(taken) ?? ''), fate.get(taken));
      });

      it('lets no other run at the store before it is at rest', async () => {
        const other = watch(machine.start().open());
        await machine.clock.advance(0);
        assert.notEqual(fate.get(other), 'resolved');
      });

      it('comes to its end when the disk comes round, and has kept what it could not refuse', async () => {
        machine.disk.release();
        await machine.clock.advance(2_000);
        await engine.atRest();
        assert.equal(machine.clock.pending, 0);
        const next = await machine.open();
        assert.equal(next.count('outbox'), 2);
      });
    });
  }

  it('says that it had to give up', async () => {
    const engine = await started();
    machine.disk.hang = () => true;
    void engine.outbox.enqueue(SMS).catch(nothing);
    void engine.stop();
    await machine.clock.advance(5_000);
    assert.match(lines.join(), /warn .*does not answer/);
  });

  it('keeps its lock from others as long as its disk hangs, whatever the machine they run on', async () => {
    const engine = await started();
    machine.disk.hang = (operation, path) => operation === 'datasync' && path.includes('journal-');
    void engine.outbox.enqueue(SMS).catch(nothing);
    void engine.stop();
    await machine.clock.advance(60_000);
    const touchedAt = await machine.disk.modifiedAt(`${DIRECTORY}/lock`);
    assert.ok(machine.clock.wall() - touchedAt <= 5_000);
  });

  it('is over within 5 s when its storage never closes', async () => {
    const clock = new FakeClock();
    const storage: Storage = { ...heldStorage(clock), close: () => new Promise(nothing) };
    const engine = engineOn(storage, clock);
    await engine.start();
    const stopping = watch(engine.stop());
    await clock.advance(5_000);
    assert.equal(fate.get(stopping), 'resolved');
  });

  it('is over within 5 s when a listener of each kind hangs', async () => {
    const clock = new FakeClock();
    const storage = heldStorage(clock);
    const engine = engineOn(storage, clock);
    await engine.start();
    let heard = 0;
    const hangs = (): Promise<void> => {
      heard += 1;
      return new Promise(nothing);
    };
    engine.tracker.onReceipt(hangs);
    engine.inbox.onSms(hangs);
    engine.outbox.onSettled(hangs);
    const { id } = await engine.outbox.enqueue(SMS);
    await engine.outbox.cancel(id);
    engine.inbox.accept(receiptFor('unknown'), 1, () => undefined);
    await clock.advance(61_000);
    const stopping = watch(engine.stop());
    await clock.advance(900);
    assert.deepEqual([fate.get(stopping), heard], ['resolved', 2]);
  });

  it('waits for no disk that has refused a result', async () => {
    const clock = new FakeClock();
    const storage = heldStorage(clock);
    const engine = engineOn(storage, clock);
    await engine.start();
    const { id } = await engine.outbox.enqueue(SMS);
    storage.fail();
    void engine.outbox.cancel(id);
    await settle();
    const stopping = watch(engine.stop());
    await settle();
    assert.deepEqual([fate.get(stopping), clock.pending], ['resolved', 0]);
  });

  it('closes its storage also when something before it failed', async () => {
    const clock = new FakeClock();
    const held = heldStorage(clock);
    let closed = 0;
    const storage: Storage = {
      ...held,
      isVolatile: true,
      close: () => {
        closed += 1;
        return held.close();
      },
    };
    const engine = engineOn(storage, clock);
    await engine.start();
    await engine.outbox.enqueue(SMS);
    held.fail();
    await assert.rejects(engine.stop(), { code: 'SMPP_STORAGE' });
    assert.equal(closed, 1);
  });

  it('logs nothing when a listener answers after its end', async () => {
    const engine = await started();
    let answer = nothing;
    engine.outbox.onSettled(() => new Promise<void>((resolve) => (answer = resolve)));
    const { id } = await engine.outbox.enqueue(SMS);
    await engine.outbox.cancel(id);
    await settle();
    const stopping = engine.stop();
    await machine.clock.advance(5_000);
    await stopping;
    answer();
    await machine.clock.advance(60_000);
    assert.deepEqual(
      lines.filter((line) => !line.startsWith('info')),
      [],
    );
  });

  describe('while it starts', () => {
    for (const operation of ['makeDirectory', 'open', 'list', 'read', 'datasync', 'close'] as const) {
      it(`has the start rejected at once, and is over within 5 s: ${operation} hangs`, async () => {
        const before = await machine.open();
        await before.write([{ table: 'dedupe', key: 'k', value: 1 }]);
        await before.close();
        machine.disk.hang = (current) => current === operation;
        const engine = engineOn(machine.start());
        const starting = watch(engine.start());
        await settle();
        const stopping = watch(engine.stop());
        await settle();
        assert.equal(fate.get(starting), 'SMPP_STOPPED');
        await machine.clock.advance(5_000);
        assert.equal(fate.get(stopping), 'resolved');
        machine.disk.release();
        await engine.atRest();
        assert.equal(machine.clock.pending, 0);
        assert.equal((await machine.open()).count('dedupe'), 1);
      });
    }

    it('is over at once when it waits for the lock of another machine', async () => {
      const other = JSON.stringify({ host: 'other', boot: 'b', pid: 9, started: '', nonce: 'theirs' });
      machine.disk.put(`${DIRECTORY}/lock`, Buffer.from(other));
      const self = { host: 'pi', boot: 'b', pid: 1, started: '' };
      const { clock, disk: files } = machine;
      const processes = { self, isAlive: () => undefined };
      const engine = engineOn(journalStorage({ directory: DIRECTORY, clock, files, processes }));
      const starting = watch(engine.start());
      await machine.clock.advance(3_500);
      const stopping = watch(engine.stop());
      await settle();
      assert.deepEqual([fate.get(starting), fate.get(stopping)], ['SMPP_STOPPED', 'resolved']);
      assert.equal(machine.clock.pending, 0);
      assert.equal(machine.disk.contentOf(`${DIRECTORY}/lock`).toString(), other);
    });
  });

  it('drains no longer than leaves time for its listeners and its disk', async () => {
    const clock = new FakeClock();
    const { connect, host } = fakeGateway(['dk1'], () => 0);
    const settings = readGatewayOptions({
      systemId: 'me',
      password: 'secret',
      hosts: [{ host: 'dk1' }],
      timers: { drainMs: 60_000 },
      clock,
      log: nothing,
    });
    const storage = heldStorage(clock);
    const engine = new Engine({ settings, storage, connect, count: nothing, changed: nothing });
    await engine.start();
    await clock.advance(1_000);
    assert.ok(host('dk1').sessions.length > 0);
    void engine.outbox.send(SMS).catch(nothing);
    await settle();
    const stopping = watch(engine.stop());
    await clock.advance(4_100);
    assert.equal(fate.get(stopping), 'resolved');
  });
});
