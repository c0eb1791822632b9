/**
 * `npm start`, twice in one checkout: a real Node-RED with the example flows, and the simulated gateway.
 *
 * The checkout is a copy that has what is installed and built here, so that a demo that runs here is left alone.
 */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const ROOT = path.resolve(__dirname, '..', '..');

describe('npm start', function () {
  this.timeout(90_000);
  let checkout: string;
  let script: string;
  let first: ChildProcess;

  before(() => {
    checkout = mkdtempSync(path.join(tmpdir(), 'smpp-checkout-'));
    script = path.join(checkout, 'scripts', 'start.mjs');
    for (const name of ['scripts', 'examples', 'package.json', 'package-lock.json'])
      cpSync(path.join(ROOT, name), path.join(checkout, name), { recursive: true });
    for (const name of ['node_modules', 'dist'])
      symlinkSync(path.join(ROOT, name), path.join(checkout, name), 'junction');
    mkdirSync(path.join(checkout, '.cache'));
    writeFileSync(path.join(checkout, '.cache', 'built'), '');
  });
  after(() => rmSync(checkout, { recursive: true, force: true }));

  /** Resolves with what the demo says once it runs. */
  async function start(): Promise<string> {
    first = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    first.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
    while (!said.includes('Ctrl-C')) {
      assert.equal(first.exitCode, null, said);
      await Promise.race([once(first.stdout as NodeJS.ReadableStream, 'data'), once(first, 'exit')]);
    }
    return said;
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const over = once(first, 'exit');
    first.kill(signal);
    await over;
  }

  it('leaves the demo alone that runs already, and says where its editor is', async () => {
    const editor = /http:\/\/127\.0\.0\.1:\d+/.exec(await start())?.[0] ?? 'none';
    const ca = path.join(checkout, '.demo', 'simulated-gateway-ca.pem');
    const before = readFileSync(ca, 'utf8');
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    assert.equal(
      stdout,
      `The demo of this checkout runs already: ${editor}. Ctrl-C where it was started ends it.\n`,
    );
    assert.equal(readFileSync(ca, 'utf8'), before);
    assert.equal((await fetch(editor)).status, 200);
    await end('SIGINT');
  });

  it('starts after one that was killed', async () => {
    await start();
    await end('SIGKILL');
    assert.match(await start(), /The editor: +http/);
    await end('SIGTERM');
  });
});
