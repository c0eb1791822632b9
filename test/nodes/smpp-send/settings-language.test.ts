/** Settings that are wrong, named as the form does, in a real Node-RED: the test helper has no catalogues. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startNodeRed } from '../../support/node-red-process.js';
import { connection, dlr, receiver, send, TAB } from '../flow.js';

const ROOT = path.resolve(__dirname, '..', '..', '..');

const FLOW = [
  TAB,
  connection(),
  connection({ id: 'other', sender: 'Twelve chars' }),
  send({ expiresAfter: '99999', wires: [[], []] }),
  dlr({ noReceiptAfter: '9999', wires: [[], []] }),
  receiver({ to: 'mother', wires: [[]] }),
];

describe('Settings that are wrong, in the language of the runtime', function () {
  this.timeout(60_000);
  let userDir: string;

  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'smpp-language-'));
    mkdirSync(path.join(userDir, 'node_modules', '@node-red-smpp'), { recursive: true });
    symlinkSync(ROOT, path.join(userDir, 'node_modules', '@node-red-smpp', 'inmobile'), 'junction');
    const dependencies = { '@node-red-smpp/inmobile': '*' };
    writeFileSync(path.join(userDir, 'package.json'), JSON.stringify({ name: 'user', dependencies }));
    writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify(FLOW));
  });
  afterEach(() => rmSync(userDir, { recursive: true, force: true }));

  const languages: [lang: string, fields: readonly string[]][] = [
    ['da', ['Udløber efter', 'Ingen kvittering efter', 'Kun til', 'Afsender']],
    ['de', ['Expires after', 'No receipt after', 'Only to', 'Sender']],
  ];
  for (const [lang, fields] of languages) {
    it(`name ${fields.join(', ')} where \`lang\` is ${lang}`, async () => {
      const nodeRed = await startNodeRed(userDir, `{ flowFile: 'flows.json', lang: '${lang}' }`);
      try {
        await Promise.all(fields.map((field) => nodeRed.says(` ${field}: must `)));
      } finally {
        await nodeRed.stop();
      }
    });
  }
});
