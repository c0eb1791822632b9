/** The status below a node in the language of the runtime, in a real Node-RED: the test helper has no catalogues. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { startNodeRed } from '../../support/node-red-process.js';
import { connection, ON_TAB, send, TAB } from '../flow.js';

const ROOT = path.resolve(__dirname, '..', '..', '..');

const FLOW = [
  TAB,
  connection(),
  send({ wires: [[], []] }),
  { id: 'watch', ...ON_TAB, type: 'status', scope: ['send'], wires: [['report']] },
  {
    id: 'report',
    ...ON_TAB,
    type: 'function',
    func: "global.get('report')(msg.status);",
    outputs: 0,
    wires: [],
  },
];

describe('The status in the language of the runtime', function () {
  this.timeout(60_000);
  let userDir: string;
  let listener: Server;

  beforeEach(async () => {
    userDir = mkdtempSync(path.join(tmpdir(), 'smpp-language-'));
    mkdirSync(path.join(userDir, 'node_modules', '@node-red-smpp'), { recursive: true });
    symlinkSync(ROOT, path.join(userDir, 'node_modules', '@node-red-smpp', 'inmobile'), 'junction');
    const dependencies = { '@node-red-smpp/inmobile': '*' };
    writeFileSync(path.join(userDir, 'package.json'), JSON.stringify({ name: 'user', dependencies }));
    writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify(FLOW));
    listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
  });
  afterEach(() => {
    listener.close();
    listener.closeAllConnections();
    rmSync(userDir, { recursive: true, force: true });
  });

  /** The first status of the smpp-send node with this state. */
  function statusIn(state: string): Promise<string> {
    return new Promise((resolve) => {
      listener.on('request', (request, response) => {
        void json(request).then((status) => {
          response.end();
          const { text, state: told } = status as { readonly text: string; readonly state: string };
          if (told === state) resolve(text);
        });
      });
    });
  }

  const languages: [lang: string, connected: string][] = [
    ['da-DK', 'simuleret: forbundet dk1'],
    ['de', 'simulated: connected dk1'],
  ];
  for (const [lang, connected] of languages) {
    it(`says ${connected} where \`lang\` is ${lang}`, async () => {
      const { port } = listener.address() as AddressInfo;
      const status = statusIn('connected');
      const report = `(status) => fetch('http://127.0.0.1:${port}', { method: 'POST', body: JSON.stringify(status) })`;
      const settings = `{ flowFile: 'flows.json', lang: '${lang}', functionGlobalContext: { report: ${report} } }`;
      const nodeRed = await startNodeRed(userDir, settings);
      try {
        assert.equal(await status, connected);
      } finally {
        await nodeRed.stop();
      }
    });
  }
});
