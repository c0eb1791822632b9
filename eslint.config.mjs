/**
 * The architecture as a table, and the house style as rules. ARCHITECTURE.md has the reasons.
 *
 * Flat config replaces a rule's options rather than merging them, so every source file is matched by exactly
 * one `layer(…)` below, the last that names it.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The files beside the folders that all may import. */
const LEAVES = [
  'address-type',
  'alarm',
  'all-taken',
  'bounds',
  'clock',
  'errors',
  'failure-log',
  'inmobile',
  'json-copy',
  'link',
  'listeners',
  'message',
  'phone-number',
  'rough-characters',
  'sender',
  'steps',
  'timers',
  'transit-map',
  'unusual-fields',
];
/** The others beside them: the door, and what it is made of. */
const GATEWAY_PARTS = readdirSync(path.join(import.meta.dirname, 'lib'))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map((file) => path.basename(file, '.ts'))
  .filter((name) => !LEAVES.includes(name));

/** Each folder of lib/, and the other folders of lib/ that it may import. */
const MAY_IMPORT = {
  text: [],
  pdu: [],
  session: ['pdu'],
  connection: ['session', 'pdu'],
  storage: [],
  outbox: ['storage', 'text'],
  receipt: ['storage', 'text'],
  inbox: ['storage', 'text'],
  simulator: [],
};
const FOLDERS = Object.keys(MAY_IMPORT);
const ALL_BUT_SIMULATOR = FOLDERS.filter((folder) => folder !== 'simulator');

/** They know the storage port, and the mailbox written on it; which engine is behind it is the gateway's business. */
const KNOW_STORAGE_PORT = ['outbox', 'receipt', 'inbox'];

/** Folders and files without I/O, clock or chance: time is an argument. */
const PURE_FOLDERS = ['text', 'pdu', 'session'];
const filesOf = (folder, ...names) => names.map((name) => `lib/${folder}/${name}.ts`);
const PURE_FILES = {
  connection: filesOf('connection', 'failover', 'maintenance', 'login-hold', 'leg-end', 'outage'),
  outbox: filesOf('outbox', 'retry-policy', 'queue', 'pace'),
  receipt: ['lib/receipt/parse-receipt.ts'],
  simulator: ['lib/simulator/scenario.ts'],
};
/** Plain async code, but on the clock, transport and storage that it is given, so that it runs on virtual time. */
const INJECTED_FOLDERS = ['connection', 'outbox', 'receipt', 'inbox'];
/** Where the machine's own clock, chance and sockets come in. */
const CLOCK_FILE = 'lib/clock.ts';
/** The one leaf on a package, which knows each country's numbers. */
const PHONE_NUMBER_FILE = 'lib/phone-number.ts';
const TRANSPORT_FILE = 'lib/connection/tls-connect.ts';
const ENGINE_FILE = 'lib/engine.ts';

/** The only folders that may name the npm package `smpp`. */
const KNOWS_SMPP_PACKAGE = ['pdu', 'simulator'];

const CLOCK_GLOBALS = ['setTimeout', 'setInterval', 'performance'];
const IO_GLOBALS = ['setImmediate', 'queueMicrotask', 'process', 'console', 'crypto', 'fetch', 'globalThis'];
/** lib/text also runs in the browser, inside the editor's forms; one file of it asks whether there is a Buffer. */
const NODE_GLOBALS = ['Buffer'];
const ASKS_FOR_BUFFER = 'lib/text/octet-pool.ts';

const STYLE_SYNTAX = [
  { selector: 'TSEnumDeclaration', message: 'A union of literals instead of an enum.' },
  { selector: 'TSParameterProperty', message: 'Declare the field.' },
  {
    selector: ':matches(PropertyDefinition, MethodDefinition)[accessibility="private"]',
    message: 'Use #private.',
  },
];
const NO_DEFAULT_EXPORT = {
  selector: 'ExportDefaultDeclaration',
  message: "Only Node-RED's node files have a default export.",
};
const NO_WALL_CLOCK = {
  selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
  message: 'Time is an argument.',
};
const CHANCE = [
  { object: 'Date', property: 'now' },
  { object: 'Math', property: 'random' },
];
const NO_DYNAMIC_IMPORT = { selector: 'ImportExpression', message: 'It would pass by the table of imports.' };

const closed = (allowed) => FOLDERS.filter((folder) => !allowed.includes(folder));

/** Forbids imports from the named folders of lib/, by folder segments (`connection/`, not `connection.js`). */
function folderPattern(folders, message) {
  return folders.length === 0 ? [] : [{ regex: `(^|/)(${folders.join('|')})/`, message }];
}

/** The gateway's files, as a file of a folder or a leaf beside them names them; nodes may use the door itself. */
function gatewayPattern(isNodes) {
  const names = GATEWAY_PARTS.filter((name) => !(isNodes && name === 'gateway'));
  const regex = `^(\\./|(\\.\\./)+(lib/)?)(${names.join('|')})\\.js$`;
  return { regex, message: 'imports point down, and nodes go through lib/gateway.ts' };
}

function importPatterns({ name, self, allowed, isPure, isNodes }) {
  const message = `${name} may not import this: see the table in eslint.config.mjs and ARCHITECTURE.md`;
  const patterns = folderPattern(closed([...allowed, self]), message);
  if (KNOW_STORAGE_PORT.includes(self)) {
    const regex = '(^|/)storage/(?!mailbox\\.js$)';
    patterns.push({ regex, allowTypeImports: true, message: 'the mailbox, and types of the port' });
  }
  if (!isNodes) patterns.push({ regex: '/nodes/|^node-red$', message: 'imports point down' });
  if (self !== 'gateway') patterns.push(gatewayPattern(isNodes));
  const knowsSmpp = KNOWS_SMPP_PACKAGE.includes(self);
  if (!knowsSmpp) patterns.push({ regex: '^smpp($|/)', message: 'only lib/pdu and lib/simulator know it' });
  if (isPure) {
    const regex = knowsSmpp ? '^(?!\\.|smpp$)' : '^(?!\\.)';
    patterns.push({ regex, message: `${name} is pure: it imports no module of Node's and no package` });
  }
  return patterns;
}

/** By how a file comes by its time: the globals, properties and syntax that it does without. */
const TIME = {
  free: { globals: [], properties: [], syntax: [] },
  injected: { globals: CLOCK_GLOBALS, properties: CHANCE, syntax: [NO_WALL_CLOCK] },
  pure: {
    globals: [...CLOCK_GLOBALS, ...IO_GLOBALS],
    properties: CHANCE,
    syntax: [NO_WALL_CLOCK, NO_DYNAMIC_IMPORT],
  },
};

/** What a file of this place may import, and how it comes by its time. */
function layer({ files, ignores = [], name, self = '', allowed = [], time = 'free', isNodes = false }) {
  const { globals, properties, syntax } = TIME[time];
  const patterns = importPatterns({ name, self, allowed, isPure: time === 'pure', isNodes });
  const notInBrowser = self === 'text' ? NODE_GLOBALS : [];
  return {
    files,
    ignores,
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns }],
      'no-restricted-globals': ['error', ...globals, ...notInBrowser],
      'no-restricted-properties': ['error', ...properties],
      'no-restricted-syntax': ['error', ...STYLE_SYNTAX, NO_DEFAULT_EXPORT, ...syntax],
    },
  };
}

function timeOf(folder) {
  if (PURE_FOLDERS.includes(folder)) return 'pure';
  return INJECTED_FOLDERS.includes(folder) ? 'injected' : 'free';
}

const leafFiles = LEAVES.map((name) => `lib/${name}.ts`);
const gatewayFiles = GATEWAY_PARTS.map((name) => `lib/${name}.ts`);
const gatewayLayer = { name: 'the gateway', self: 'gateway', allowed: ALL_BUT_SIMULATOR };

const libraryLayers = [
  layer({ name: 'a leaf of lib/', files: leafFiles, ignores: [CLOCK_FILE, PHONE_NUMBER_FILE], time: 'pure' }),
  layer({ name: PHONE_NUMBER_FILE, files: [PHONE_NUMBER_FILE], time: 'injected' }),
  layer({ name: CLOCK_FILE, files: [CLOCK_FILE] }),
  layer({ ...gatewayLayer, files: gatewayFiles, ignores: [ENGINE_FILE], time: 'injected' }),
  layer({ ...gatewayLayer, files: [ENGINE_FILE] }),
  ...FOLDERS.map((self) =>
    layer({
      name: `lib/${self}`,
      files: [`lib/${self}/**/*.ts`],
      ignores: [TRANSPORT_FILE],
      self,
      allowed: MAY_IMPORT[self],
      time: timeOf(self),
    }),
  ),
  { files: [ASKS_FOR_BUFFER], rules: { 'no-restricted-globals': ['error', ...TIME.pure.globals] } },
  layer({
    name: 'the transport',
    files: [TRANSPORT_FILE],
    self: 'connection',
    allowed: MAY_IMPORT.connection,
  }),
  ...Object.entries(PURE_FILES).map(([self, files]) =>
    layer({ name: files.join(', '), files, self, allowed: MAY_IMPORT[self], time: 'pure' }),
  ),
];

const nodeLayers = [
  layer({ name: 'a node', files: ['nodes/**/*.ts'], isNodes: true }),
  layer({ name: 'a form', files: ['nodes/**/*editor.ts'], allowed: ['text'], isNodes: true }),
  layer({
    name: 'the connection node',
    files: ['nodes/inmobile-connection/*.ts'],
    ignores: ['**/*editor.ts'],
    allowed: ['simulator'],
    isNodes: true,
  }),
];

/** The files that Node-RED loads: it takes their default export. */
const nodeEntryFiles = {
  files: ['inmobile-connection', 'smpp-send', 'smpp-receive', 'smpp-dlr', 'sidebar'].map(
    (type) => `nodes/${type}/${type}.ts`,
  ),
  rules: { 'no-restricted-syntax': ['error', ...STYLE_SYNTAX] },
};

const sizes = {
  'max-lines': ['error', 700],
  'max-lines-per-function': ['error', 60],
  complexity: ['error', 10],
  'max-params': 'off',
  '@typescript-eslint/max-params': ['error', { max: 4 }],
};

const style = {
  eqeqeq: 'error',
  'prefer-const': 'error',
  'no-var': 'error',
  'object-shorthand': 'error',
  '@typescript-eslint/consistent-type-imports': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  // Numbers read well in a message; everything else must be turned into text on purpose.
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
  // `() => clearTimeout(timer)` says what it does.
  '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
  // It asks for `!`, which another rule forbids.
  '@typescript-eslint/non-nullable-type-assertion-style': 'off',
  // A method of an asynchronous port may have nothing to wait for, and must reject rather than throw.
  '@typescript-eslint/require-await': 'off',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
};

const scriptGlobals = [
  'console',
  'process',
  'URL',
  'fetch',
  'setTimeout',
  'clearTimeout',
  'AbortSignal',
  'setInterval',
  'clearInterval',
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.demo/', '.cache/', '**/*.js'] },
  // A breach is mended, never commented away.
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './nodes/tsconfig.editor.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: { ...sizes, ...style, 'no-restricted-syntax': ['error', ...STYLE_SYNTAX, NO_DEFAULT_EXPORT] },
  },
  ...libraryLayers,
  ...nodeLayers,
  nodeEntryFiles,
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // A suite is one long function, and a builder takes what a case needs.
      'max-lines-per-function': 'off',
      'max-lines': ['error', 500],
      // In a test a wrong assumption fails it, which is what the assertion is for.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A builder's methods are taken apart in one line, and none of them looks at `this`.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // A checker is a list of what must hold, one condition after the other.
    files: ['test/simulation/**/*.ts'],
    rules: { complexity: ['error', 25] },
  },
  {
    files: ['**/*.mjs'],
    extends: [js.configs.recommended],
    languageOptions: { globals: Object.fromEntries(scriptGlobals.map((name) => [name, 'readonly'])) },
    rules: {
      'max-lines': ['error', 600],
      'max-lines-per-function': ['error', 60],
      complexity: ['error', 10],
      'max-params': ['error', 4],
      eqeqeq: 'error',
      'prefer-const': 'error',
    },
  },
);
