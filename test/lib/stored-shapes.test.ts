import assert from 'node:assert/strict';
import { createGateway } from '../../lib/gateway.js';
import { journalStorage } from '../../lib/storage/journal-storage.js';
import { TABLES } from '../../lib/storage/storage.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const WRONG = [null, true, 7, 'word', [], {}, [null], { id: null }, [['id'], 7], [{}, {}, {}, {}, {}, {}]];

describe('A record of the right checksum and another shape', () => {
  let directory: string;

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'smpp-shapes-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  for (const table of TABLES) {
    it(`of table ${table} is left out, and all others are there`, async () => {
      const storage = journalStorage({ directory });
      await storage.open();
      for (const [number, value] of WRONG.entries()) {
        const keys = [`wrong-${number}`, `sms-${number}`, `sms ${number}`, `round ${number}`];
        await storage.write(keys.map((key) => ({ table, key, value })));
      }
      await storage.write([{ table: 'progress', key: 'references used', value: [] }]);
      const kept = ['4512345678', 'Mill', 'kept', 1, Date.now(), Date.now() + 3_600_000];
      await storage.write([{ table: 'outbox', key: 'kept', value: kept }]);
      await storage.close();
      const lines: string[] = [];
      const gateway = createGateway({
        hosts: [{ host: '127.0.0.1', port: 1 }],
        systemId: 'id',
        password: 'secret',
        tls: false,
        storage: { kind: 'disk', directory },
        log: (_level, line) => lines.push(line),
      });
      await gateway.start();
      gateway.onReceipt(() => undefined);
      gateway.onSms(() => undefined);
      gateway.onSettled(() => undefined);
      const waiting = (await gateway.queued(100)).map(({ id }) => id);
      await gateway.stop();
      assert.ok(waiting.includes('kept'), `${waiting.join()}; ${lines.join('\n')}`);
    });
  }
});
