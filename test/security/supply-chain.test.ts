/** What comes into the package, and how it goes out. What is in the tarball: test/package. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly inBundle?: boolean;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly hasInstallScript?: boolean;
}

const manifest = JSON.parse(read('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};
const lock = (JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> }).packages;
const installed = Object.entries(lock).filter(([place]) => place !== '');
const shipped = installed.filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true);

const names = (entries: readonly (readonly [string, unknown])[]): string[] => entries.map(([name]) => name);

describe('package.json', () => {
  for (const kind of ['dependencies', 'devDependencies'] as const) {
    it(`names one version of each of its ${kind}`, () => {
      const open = Object.entries(manifest[kind]).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
      assert.deepEqual(open, []);
    });
  }

  it('has no script that an installation would run', () => {
    const hooks = [
      'preinstall',
      'install',
      'postinstall',
      'prepublish',
      'preprepare',
      'prepare',
      'postprepare',
    ];
    assert.deepEqual(
      hooks.filter((hook) => hook in manifest.scripts),
      [],
    );
  });
});

describe('package-lock.json', () => {
  it('has the digest of every package that is fetched', () => {
    const without = installed.filter(
      ([, { integrity, inBundle }]) => inBundle !== true && integrity?.startsWith('sha512-') !== true,
    );
    assert.deepEqual(names(without), []);
  });

  it('fetches from the registry alone', () => {
    const elsewhere = installed.filter(
      ([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'),
    );
    assert.deepEqual(names(elsewhere), []);
  });

  it('holds the versions that package.json names', () => {
    const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
    const other = Object.entries(wanted).filter(
      ([name, version]) => lock[`node_modules/${name}`]?.version !== version,
    );
    assert.deepEqual(other, []);
  });

  it('has five packages that are shipped, none with an install script', () => {
    assert.deepEqual(
      names(shipped),
      ['iconv-lite', 'libphonenumber-js', 'safer-buffer', 'smpp', 'valibot'].map(
        (name) => `node_modules/${name}`,
      ),
    );
    assert.deepEqual(names(shipped.filter(([, entry]) => entry.hasInstallScript === true)), []);
  });
});

describe('the workflow that publishes', () => {
  const workflow = read('.github/workflows/publish.yml');

  it('names every action by a commit', () => {
    const uses = [...workflow.matchAll(/uses:\s*(\S+)/g)].map(([, action = '']) => action);
    assert.ok(uses.length > 0);
    assert.deepEqual(
      uses.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(action)),
      [],
    );
  });

  it('publishes with provenance, and after the tests', () => {
    assert.match(workflow, /npm publish .*--provenance/);
    assert.match(workflow, /id-token: write/);
    assert.match(workflow, /needs: test/);
  });

  it('publishes the file that was tested, from a job that installs, builds and checks out nothing', () => {
    const [testing = '', publishing = ''] = workflow.split(/^ {2}publish:$/m);
    assert.match(testing, /TARBALL=.* npm test/);
    assert.match(testing, /upload-artifact/);
    assert.doesNotMatch(testing, /id-token/);
    assert.match(publishing, /download-artifact/);
    const commands = [...publishing.matchAll(/run: (.*)/g)].map(([, command = '']) => command);
    assert.deepEqual(
      commands.map((command) => command.split(' ', 2).join(' ')),
      ['npm publish'],
    );
    assert.match(commands[0] ?? '', /\.tgz --ignore-scripts/);
    assert.doesNotMatch(publishing, /checkout/);
  });

  it('has no token of its own', () => {
    assert.doesNotMatch(workflow, /secrets\.|NODE_AUTH_TOKEN|_authToken/);
  });

  it('makes a bill of materials', () => {
    assert.match(workflow, /npm sbom --sbom-format cyclonedx/);
  });

  it('runs no script of a package that it installs', () => {
    const installs = workflow.split('\n').filter((line) => /npm (ci|install)/.test(line));
    assert.ok(installs.length > 0);
    assert.deepEqual(
      installs.filter((line) => !line.includes('--ignore-scripts')),
      [],
    );
  });
});

describe('the repository', () => {
  it('holds no private key', () => {
    const holding = readdirSync(ROOT, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/node_modules|\.git|dist|\.cache|\.demo/.test(entry.parentPath))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) =>
        /-----BEGIN [A-Z ]*PRIVATE KEY-----\s[A-Za-z0-9+/=\s]{40}/.test(readFileSync(file, 'latin1')),
      );
    assert.deepEqual(holding, []);
  });
});
