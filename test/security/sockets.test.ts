/** Who listens, and where. A running Node-RED's sockets: flow/leaks.test.ts. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { startSimulator } from '../../lib/simulator/simulator.js';

const ROOT = path.resolve(__dirname, '../..');

function sourcesOf(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.d)\.ts$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

function naming(files: readonly string[], what: RegExp): string[] {
  return files
    .filter((file) => what.test(readFileSync(file, 'utf8')))
    .map((file) => path.relative(ROOT, file));
}

describe('the simulated gateway', () => {
  for (const tls of [true, false]) {
    it(`listens on 127.0.0.1 alone, ${tls ? 'with' : 'without'} TLS`, async () => {
      const servers: net.Server[] = [];
      const listen = Object.getOwnPropertyDescriptor(net.Server.prototype, 'listen')!;
      net.Server.prototype.listen = function (this: net.Server, ...args: unknown[]): net.Server {
        servers.push(this);
        return (listen.value as (...args: unknown[]) => net.Server).apply(this, args);
      };
      const simulator = await startSimulator({ tls }).finally(() =>
        Object.defineProperty(net.Server.prototype, 'listen', listen),
      );
      const addresses = servers.map((server) => (server.address() as AddressInfo).address);
      await simulator.stop();
      assert.deepEqual(addresses, ['127.0.0.1', '127.0.0.1']);
    });
  }
});

describe('the sources', () => {
  it('listen in the simulator alone', () => {
    const others = sourcesOf('lib').filter((file) => !file.includes(`${path.sep}simulator${path.sep}`));
    assert.deepEqual(naming([...others, ...sourcesOf('nodes')], /createServer|\.listen\(/), []);
  });

  it('of the nodes register no route for flows', () => {
    assert.deepEqual(naming(sourcesOf('nodes'), /httpNode|RED\.server|RED\.comms/), []);
  });

  it('of the nodes register routes for the editor in one file, each with a permission', () => {
    const files = naming(sourcesOf('nodes'), /httpAdmin/);
    assert.deepEqual(files, ['nodes/inmobile-connection/admin-routes.ts']);
    const source = readFileSync(path.join(ROOT, files[0]!), 'utf8');
    const routes = source.match(/httpAdmin\.\w+\(.*/g) ?? [];
    assert.deepEqual(
      routes.filter((route) => !/\(\w+, may(Read|Write), /.test(route)),
      [],
    );
    assert.ok(routes.length > 0);
  });
});
