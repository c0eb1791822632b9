/**
 * What the flow library asks of a module, checked on the files of the packed package.
 *
 * The library and its scorecard read a node's definition from the shipped html without running it: what is not
 * literal there is not seen, and a module without types is not listed. What needs the library's own catalogue
 * (that no other module has these names) is not checked here. It needs dist/ (`npm test` builds it first).
 * Source: node-red/node-red-dev-cli `checkpackage.js`, `checknodes.js`; node-red/flow-library `lib/modules.js`.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'acorn';

const ROOT = path.resolve(__dirname, '..', '..');
/** The scorecard's limit. */
const DEPENDENCIES_MAX = 6;
/** The first version of Node.js that Node-RED 5 runs on. */
const NODE_RED_5_NEEDS = 22;
/** npm lists what it would pack, but may be slow to start. */
const PACK_MS = 60_000;

interface Manifest {
  readonly name: string;
  readonly license: string;
  readonly keywords: readonly string[];
  readonly repository: { readonly url: string };
  readonly bugs: { readonly url: string };
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly 'node-red': {
    readonly version: string;
    readonly nodes: Readonly<Record<string, string>>;
    readonly plugins: Readonly<Record<string, string>>;
  };
}

/** A node of acorn's tree, as far as a definition is made of them. */
interface Syntax {
  readonly type: string;
  readonly value?: unknown;
  readonly name?: string;
  readonly computed?: boolean;
  readonly key?: Syntax;
  readonly callee?: { readonly property?: Syntax };
  readonly arguments?: readonly Syntax[];
  readonly properties?: readonly Syntax[];
}

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const nodes = Object.entries(manifest['node-red'].nodes);

describe('The flow library', function () {
  this.timeout(PACK_MS);
  let files: readonly string[] = [];

  before(() => {
    const output = execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [packed] = JSON.parse(output) as { readonly files: readonly { readonly path: string }[] }[];
    files = packed!.files.map((file) => file.path);
  });

  it('finds a scoped name, the keyword, a licence and where to report', () => {
    assert.match(manifest.name, /^@[\w-]+\/[\w-]+$/);
    assert.ok(manifest.keywords.includes('node-red'));
    assert.equal(manifest.license, 'Apache-2.0');
    assert.match(manifest.repository.url, /^git\+https:/);
    assert.match(manifest.bugs.url, /^https:/);
  });

  it('finds a README and the licence text', () => {
    const missing = ['README.md', 'LICENSE'].filter((file) => !files.includes(file));
    assert.deepEqual(missing, []);
  });

  it('finds ranges that admit the latest Node-RED and the oldest Node.js that it runs on', () => {
    assert.match(manifest['node-red'].version, /^>=\d+\.\d+\.\d+$/);
    const [, oldest] = /^>=(\d+)$/.exec(manifest.engines.node) ?? [];
    assert.ok(Number(oldest) <= NODE_RED_5_NEEDS, manifest.engines.node);
  });

  it('finds no more dependencies than it allows, and not Node-RED among them', () => {
    const names = Object.keys(manifest.dependencies);
    assert.ok(names.length <= DEPENDENCIES_MAX);
    assert.ok(!names.includes('node-red'));
  });

  for (const [type, script] of nodes) {
    describe(`for ${type}`, () => {
      const html = script.replace(/\.js$/, '.html');

      it('finds script, page and icon', () => {
        const icon = literal(definition(html, type).get('icon'));
        // Beside any node of the module will do.
        const icons = nodes.map(([, home]) => `${path.posix.dirname(home)}/icons/${String(icon)}`);
        assert.ok(files.includes(script));
        assert.ok(files.includes(html));
        assert.ok(
          icons.some((file) => files.includes(file)),
          `no ${String(icon)}`,
        );
      });

      it('reads the definition without running it', () => {
        const found = definition(html, type);
        const isConfig = literal(found.get('category')) === 'config';
        const plain = ['category', 'icon', ...(isConfig ? [] : ['color', 'inputs', 'outputs'])];
        assert.deepEqual(
          plain.filter((name) => literal(found.get(name)) === undefined),
          [],
        );
      });

      it('reads every default and credential', () => {
        const found = definition(html, type);
        const groups = ['defaults', 'credentials'].filter((name) => found.has(name));
        assert.ok(groups.includes('defaults'));
        for (const group of groups) {
          for (const property of members(found.get(group)).values()) members(property);
        }
      });
    });
  }

  it('finds script and page of each plugin, and no node type in the page', () => {
    const plugins = Object.values(manifest['node-red'].plugins);
    assert.equal(plugins.length, 1);
    for (const script of plugins) {
      const html = script.replace(/\.js$/, '.html');
      assert.ok(files.includes(script));
      assert.ok(files.includes(html));
      assert.deepEqual(registrationsOf(html), []);
    }
  });

  it('finds every node in an example, and each example an array', () => {
    const examples = files.filter((file) => file.startsWith('examples/') && file.endsWith('.json'));
    const flows = examples.map((file) => JSON.parse(read(file)) as readonly { readonly type: string }[]);
    const others = examples.filter((_, index) => !Array.isArray(flows[index]));
    assert.deepEqual(others, []);
    const shown = new Set(flows.flat().map(({ type }) => type));
    const wanted = nodes.map(([type]) => type).filter((type) => !shown.has(type));
    assert.deepEqual(wanted, []);
  });
});

/**
 * The definition that the page registers for the type.
 *
 * @throws when there is not exactly one, as a literal, for a type that is a literal string
 */
function definition(html: string, type: string): ReadonlyMap<string, Syntax> {
  const calls = registrationsOf(html);
  assert.equal(calls.length, 1, `${html} registers ${calls.length} types`);
  const [name, object] = calls[0]!.arguments ?? [];
  assert.equal(literal(name), type);
  return members(object);
}

function registrationsOf(html: string): readonly Syntax[] {
  const scripts = [...read(html).matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)];
  return scripts.flatMap(([, script = '']) => registrations(parse(script, { ecmaVersion: 2020 })));
}

function registrations(tree: unknown): readonly Syntax[] {
  if (typeof tree !== 'object' || tree === null) return [];
  const within = Object.values(tree as Readonly<Record<string, unknown>>).flatMap((child) =>
    registrations(child),
  );
  const call = tree as Syntax;
  return call.callee?.property?.name === 'registerType' ? [call, ...within] : within;
}

/** The members of an object literal, none of them spread or computed: the library throws at those. */
function members(object: Syntax | undefined): ReadonlyMap<string, Syntax> {
  assert.equal(object?.type, 'ObjectExpression');
  return new Map(
    (object.properties ?? []).map((property) => {
      assert.equal(property.type, 'Property');
      assert.equal(property.computed, false);
      const key = property.key?.name ?? property.key?.value;
      return [String(key), property.value as Syntax];
    }),
  );
}

function literal(syntax: Syntax | undefined): unknown {
  return syntax?.type === 'Literal' ? syntax.value : undefined;
}
