/**
 * What a palette install brings: the packed package, installed into an empty user directory of a real Node-RED.
 *
 * A linked checkout hides a file that is missing from the package; this does not. It needs dist/ (`npm test`
 * builds it first) and the package registry.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startNodeRed, type NodeRedProcess } from '../support/node-red-process.js';

const ROOT = path.resolve(__dirname, '..', '..');
const NAME = '@node-red-smpp/inmobile';
const TYPES = ['inmobile-connection', 'smpp-dlr', 'smpp-receive', 'smpp-send'];

/** npm fetches what its cache lacks. */
const INSTALL_MS = 120_000;

/** A program on the library, and the settings that its author might have. */
const PROGRAM = `
import { createGateway, type SubmitResult } from '${NAME}';
import { startSimulator } from '${NAME}/simulator';
const gateway = createGateway({ systemId: 'id', password: 'secret' });
export const result: Promise<SubmitResult> = gateway.send({ to: '4512345678', from: 'us', text: 'Hello' });
export const simulator = startSimulator();
`;
/** Ways in which TypeScript finds a package; the first is its default for CommonJS, and knows no `exports`. */
const RESOLUTIONS = [
  { module: 'commonjs', moduleResolution: 'node10' },
  { module: 'node16', moduleResolution: 'node16' },
  { module: 'esnext', moduleResolution: 'bundler' },
] as const;
const TYPESCRIPT = {
  compilerOptions: {
    strict: true,
    skipLibCheck: false,
    esModuleInterop: false,
    noEmit: true,
    target: 'es2022',
    typeRoots: [path.join(ROOT, 'node_modules', '@types')],
    types: ['node'],
  },
  files: ['program.ts'],
};

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly optionalDependencies?: unknown;
  readonly bundleDependencies?: unknown;
}

interface InstalledPackage {
  readonly hasInstallScript?: boolean;
}

/** By namespace. */
type Catalogues = Readonly<
  Record<string, { readonly sidebar?: { readonly queue?: { readonly title: string } } }>
>;

interface NodeSet {
  readonly types: readonly string[];
  readonly enabled: boolean;
  readonly err?: unknown;
  readonly module: string;
}

describe('The packed package', function () {
  this.timeout(INSTALL_MS);
  const folder = mkdtempSync(path.join(tmpdir(), 'smpp-package-'));
  const userDir = path.join(folder, 'user-dir');
  const installed = path.join(userDir, 'node_modules', NAME);
  let files: readonly string[] = [];

  before(() => {
    mkdirSync(userDir);
    writeFileSync(path.join(userDir, 'package.json'), '{"name":"user-dir","private":true}');
    const packed = pack(folder);
    files = packed.files;
    // As the palette manager does, but for what the machine has in its cache already.
    npm(userDir, ['install', '--omit=dev', '--engine-strict', '--prefer-offline', packed.tarball]);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('holds what it says and nothing else', () => {
    const others = files.filter(
      (file) => !/^(dist|examples)\/|^(README\.md|CHANGELOG\.md|LICENSE|package\.json)$/.test(file),
    );
    assert.deepEqual(others, []);
  });

  it('holds no source, test or source map', () => {
    assert.deepEqual(
      files.filter((file) => /(?<!\.d)\.ts$|\.map$|\.test\.|\.mjs$|editor\.js$/.test(file)),
      [],
    );
  });

  it('holds script, form and both languages of every node', () => {
    const wanted = TYPES.flatMap((type) => [
      `dist/nodes/${type}/${type}.js`,
      `dist/nodes/${type}/${type}.html`,
      ...['en-US', 'da'].flatMap((language) =>
        ['json', 'html'].map((ending) => `dist/nodes/${type}/locales/${language}/${type}.${ending}`),
      ),
    ]);
    assert.deepEqual(
      wanted.filter((file) => !files.includes(file)),
      [],
    );
  });

  it('holds script, page and both languages of the sidebar', () => {
    const home = 'dist/nodes/sidebar';
    const wanted = ['sidebar.js', 'sidebar.html', 'locales/en-US/sidebar.json', 'locales/da/sidebar.json'];
    assert.deepEqual(
      wanted.filter((file) => !files.includes(`${home}/${file}`)),
      [],
    );
  });

  it('names no path of the machine that built it', () => {
    const naming = files.filter((file) => readFileSync(path.join(installed, file)).includes(ROOT));
    assert.deepEqual(naming, []);
  });

  it('depends on three packages and runs no install script', () => {
    const manifest = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as Manifest;
    const installScripts = ['preinstall', 'install', 'postinstall', 'prepare'].filter(
      (name) => name in manifest.scripts,
    );
    assert.deepEqual(
      {
        dependencies: Object.keys(manifest.dependencies),
        smpp: manifest.dependencies.smpp,
        others: [manifest.optionalDependencies, manifest.bundleDependencies],
        installScripts,
      },
      {
        dependencies: ['libphonenumber-js', 'smpp', 'valibot'],
        smpp: '0.5.1',
        others: [undefined, undefined],
        installScripts: [],
      },
    );
  });

  it('brings no package with an install script', () => {
    const lock = JSON.parse(readFileSync(path.join(userDir, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, InstalledPackage>>;
    };
    const scripted = Object.entries(lock.packages).filter(([, entry]) => entry.hasInstallScript === true);
    assert.deepEqual(scripted, []);
  });

  it('is a library with a gateway and a simulator', () => {
    const program = `process.stdout.write([
      typeof require('${NAME}').createGateway,
      typeof require('${NAME}/simulator').startSimulator,
    ].join())`;
    const output = execFileSync(process.execPath, ['-e', program], { cwd: userDir, encoding: 'utf8' });
    assert.equal(output, 'function,function');
  });

  for (const resolution of RESOLUTIONS) {
    it(`has types that hold in a strict program under ${resolution.moduleResolution}`, () => {
      const { compilerOptions, files } = TYPESCRIPT;
      const config = { compilerOptions: { ...compilerOptions, ...resolution }, files };
      writeFileSync(path.join(userDir, 'program.ts'), PROGRAM);
      writeFileSync(path.join(userDir, 'tsconfig.json'), JSON.stringify(config));
      const tsc = require.resolve('typescript/bin/tsc');
      const { stdout } = spawnSync(process.execPath, [tsc, '-p', userDir], { encoding: 'utf8' });
      assert.equal(stdout, '');
    });
  }

  describe('in Node-RED', () => {
    let nodeRed: NodeRedProcess | undefined;
    before(async () => {
      nodeRed = await startNodeRed(userDir);
    });
    after(async () => nodeRed?.stop());

    it('loads its four nodes', async () => {
      const sets = (await (
        await fetch(`${address()}/nodes`, { headers: { Accept: 'application/json' } })
      ).json()) as NodeSet[];
      const ours = sets.filter((set) => set.module === NAME);
      assert.deepEqual(
        ours.map(({ types, enabled, err }) => ({ types, enabled, err })).sort(byFirstType),
        TYPES.map((type) => ({ types: [type], enabled: true, err: undefined })),
      );
    });

    it('loads its sidebar, and has its words for the editor', async () => {
      const headers = { Accept: 'application/json' };
      const plugins = (await (await fetch(`${address()}/plugins`, { headers })).json()) as NodeSet[];
      const ours = plugins.filter((set) => set.module === NAME);
      assert.deepEqual(
        ours.map(({ enabled, err }) => ({ enabled, err })),
        [{ enabled: true, err: undefined }],
      );
      const words = (await (await fetch(`${address()}/plugins/messages?lng=da`)).json()) as Catalogues;
      assert.equal(words[`${NAME}/sidebar`]?.sidebar?.queue?.title, 'Kø');
    });

    it('serves the icon of each node', async () => {
      const icons = ['inmobile', 'smpp-send', 'smpp-receive', 'smpp-dlr'].map((name) => `${name}.svg`);
      const served = await Promise.all(
        icons.map(async (icon) => (await fetch(`${address()}/icons/${NAME}/${icon}`)).arrayBuffer()),
      );
      const own = icons.map((icon) => readFileSync(path.join(ROOT, 'icons', icon)));
      // Node-RED answers with an arrow for an icon that it does not find.
      assert.deepEqual(
        served.map((body) => Buffer.from(body)),
        own,
      );
    });

    function address(): string {
      assert.ok(nodeRed !== undefined);
      return nodeRed.address;
    }
  });
});

function byFirstType(left: { types: readonly string[] }, right: { types: readonly string[] }): number {
  return String(left.types[0]).localeCompare(String(right.types[0]));
}

/** Or takes what is to be published, where `TARBALL` names it. */
function pack(folder: string): { readonly tarball: string; readonly files: readonly string[] } {
  const { TARBALL: given } = process.env;
  const source = given === undefined ? [] : [given];
  const output = npm(ROOT, ['pack', ...source, '--ignore-scripts', '--json', '--pack-destination', folder]);
  const [packed] = JSON.parse(output) as { filename: string; files: { path: string }[] }[];
  assert.ok(packed !== undefined);
  return {
    tarball: given ?? path.join(folder, packed.filename),
    files: packed.files.map((file) => file.path),
  };
}

function npm(cwd: string, args: readonly string[]): string {
  return execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
