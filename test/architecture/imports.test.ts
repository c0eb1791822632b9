/**
 * The table of imports in `eslint.config.mjs`, by breaches and by what it must let pass.
 *
 * A pattern that has stopped matching is silent; only a planted breach shows it.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Linter } from 'eslint';
import tseslint from 'typescript-eslint';

const CONFIG = path.resolve(__dirname, '..', '..', 'eslint.config.mjs');

const BREACHES: readonly (readonly [file: string, code: string])[] = [
  ['lib/text/x.ts', "import '../pdu/pdu.js';"],
  ['lib/text/x.ts', "import 'valibot';"],
  ['lib/text/x.ts', "export const octets = Buffer.from('a');"],
  ['lib/pdu/x.ts', "import '../text/gsm7.js';"],
  ['lib/pdu/x.ts', "import 'node:stream';"],
  ['lib/session/x.ts', "import '../connection/session-driver.js';"],
  ['lib/session/x.ts', "import 'smpp';"],
  ['lib/session/x.ts', "export const later = import('node:net');"],
  ['lib/session/x.ts', 'export const now = Date.now();'],
  ['lib/session/x.ts', 'export const now = new Date();'],
  ['lib/session/x.ts', 'export const now = performance.now();'],
  ['lib/session/x.ts', 'setTimeout(() => undefined, 1);'],
  ['lib/session/x.ts', 'export const chance = Math.random();'],
  ['lib/connection/x.ts', "import '../outbox/outbox.js';"],
  ['lib/connection/x.ts', 'setTimeout(() => undefined, 1);'],
  ['lib/connection/failover.ts', "import 'node:dns';"],
  ['lib/storage/x.ts', "import '../outbox/outbox.js';"],
  ['lib/outbox/x.ts', "import { TABLES } from '../storage/storage.js';"],
  ['lib/outbox/x.ts', "import '../connection/supervisor.js';"],
  ['lib/outbox/x.ts', "import '../gateway.js';"],
  ['lib/outbox/retry-policy.ts', "import 'node:crypto';"],
  ['lib/receipt/x.ts', "import '../outbox/outbox.js';"],
  ['lib/inbox/x.ts', 'export const now = Date.now();'],
  ['lib/simulator/x.ts', "import '../session/session.js';"],
  ['lib/simulator/x.ts', "import '../pdu/decode.js';"],
  ['lib/simulator/x.ts', "import '../text/gsm7.js';"],
  ['lib/simulator/x.ts', "import 'node-red';"],
  ['lib/gateway.ts', "import './simulator/simulator.js';"],
  ['lib/gateway.ts', "import 'smpp';"],
  ['lib/outbox/x.ts', "import { openJournal } from '../storage/journal-storage.js';"],
  ['lib/outbox/x.ts', "import '../engine.js';"],
  ['lib/gateway.ts', 'export const chance = Math.random();'],
  ['lib/errors.ts', "import './gateway.js';"],
  ['lib/errors.ts', "import './text/gsm7.js';"],
  ['lib/errors.ts', "import 'node:fs';"],
  ['nodes/smpp-send/x.ts', "import '../../lib/session/session.js';"],
  ['nodes/smpp-send/x.ts', "import '../../lib/engine.js';"],
  ['nodes/smpp-send/x.ts', "import '../../lib/simulator/simulator.js';"],
  ['nodes/smpp-send/x.ts', "import '../../lib/text/gsm7.js';"],
  ['nodes/smpp-send/x.ts', 'export default 1;'],
  ['nodes/smpp-send/editor.ts', "import '../../lib/pdu/pdu.js';"],
  ['nodes/inmobile-connection/x.ts', "import 'smpp';"],
  ['nodes/sidebar/x.ts', "import '../../lib/simulator/simulator.js';"],
  ['nodes/sidebar/x.ts', "import '../../lib/outbox/queue.js';"],
  ['nodes/sidebar/x.editor.ts', "import '../../lib/simulator/simulator.js';"],
  ['nodes/sidebar/x.ts', 'export default 1;'],
];

const ALLOWED: readonly (readonly [file: string, code: string])[] = [
  ['lib/text/x.ts', "import '../errors.js'; import './gsm7.js';"],
  ['lib/pdu/x.ts', "import 'smpp'; import '../message.js';"],
  ['lib/session/x.ts', "import '../pdu/pdu.js'; export const day = new Date(0);"],
  ['lib/connection/x.ts', "import '../session/session.js'; import '../pdu/pdu.js'; import 'node:dns';"],
  ['lib/connection/tls-connect.ts', "import 'node:tls'; setTimeout(() => undefined, 1);"],
  ['lib/outbox/x.ts', "import type { Storage } from '../storage/storage.js'; import '../text/gsm7.js';"],
  ['lib/outbox/x.ts', "import { Mailbox } from '../storage/mailbox.js';"],
  ['lib/simulator/x.ts', "import 'smpp'; import '../inmobile.js'; import 'node:tls';"],
  ['lib/gateway.ts', "import './storage/memory-storage.js'; import './engine.js';"],
  ['nodes/smpp-send/x.ts', "import '../../lib/gateway.js'; import '../shared/connection.js';"],
  ['nodes/smpp-send/smpp-send.ts', 'export default 1;'],
  ['nodes/smpp-send/editor.ts', "import '../../lib/text/gsm7.js';"],
  ['nodes/inmobile-connection/x.ts', "import '../../lib/simulator/simulator.js';"],
  ['nodes/sidebar/sidebar.ts', 'export default 1;'],
];

describe('The table of imports', () => {
  let lint: (file: string, code: string) => readonly string[] = () => [];

  before(async () => {
    const layers = await layersOf(CONFIG);
    const linter = new Linter({ configType: 'flat' });
    lint = (file, code) => linter.verify(code, layers, { filename: file }).map(({ message }) => message);
  });

  for (const [file, code] of BREACHES) {
    it(`refuses in ${file}: ${code}`, () => {
      assert.equal(lint(file, code).length > 0, true);
    });
  }

  for (const [file, code] of ALLOWED) {
    it(`lets pass in ${file}: ${code}`, () => {
      assert.deepEqual(lint(file, code), []);
    });
  }
});

/** The layers alone: they need no types, and so no file that exists. */
async function layersOf(file: string): Promise<Linter.Config[]> {
  const { default: config } = (await import(pathToFileURL(file).href)) as {
    readonly default: Linter.Config[];
  };
  const layers = config.filter(({ files, rules }) => files !== undefined && isLayer(rules ?? {}));
  return [
    {
      files: ['**/*.ts'],
      languageOptions: { parser: tseslint.parser },
      plugins: { '@typescript-eslint': tseslint.plugin },
    },
    ...layers,
  ];
}

/** Every rule of a layer restricts something. */
function isLayer(rules: NonNullable<Linter.Config['rules']>): boolean {
  const names = Object.keys(rules);
  return names.length > 0 && names.every((name) => name.includes('no-restricted-'));
}
