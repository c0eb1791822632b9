/**
 * The architecture as a table, and the house style as rules. ARCHITECTURE.md has the reasons.
 *
 * Flat config replaces a rule's options rather than merging them, so every source file is matched by exactly
 * one `layer(…)` below, the last that names it.
 */
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Each folder of lib/, and the other folders of lib/ that it may import. The leaves lib/*.ts are open to all. */
const MAY_IMPORT = {
  text: [],
  pdu: [],
  session: ['pdu'],
  connection: ['session', 'pdu'],
  storage: [],
  outbox: ['storage', 'text'],
  receipt: ['storage', 'text'],
  inbox: ['storage', 'text'],
  simulator: ['text', 'pdu'],
};
const FOLDERS = Object.keys(MAY_IMPORT);
const ALL_BUT_SIMULATOR = FOLDERS.filter((folder) => folder !== 'simulator');

/** They know the storage port by its types only: which engine stands behind it is the gateway's business. */
const STORAGE_TYPES_ONLY = ['outbox', 'receipt', 'inbox'];

/** Folders and files without I/O, clock or chance: time is an argument. */
const PURE_FOLDERS = ['text', 'pdu', 'session'];
const PURE_FILES = {
  connection: ['lib/connection/failover.ts', 'lib/connection/maintenance.ts'],
  outbox: ['lib/outbox/retry-policy.ts'],
  receipt: ['lib/receipt/parse-receipt.ts'],
  simulator: ['lib/simulator/scenario.ts'],
};
/** Plain async code, but on the clock, transport and storage that it is given, so that it runs on virtual time. */
const INJECTED_FOLDERS = ['connection', 'outbox', 'receipt', 'inbox'];
/** The one file of them whose business is the machine itself. */
const TRANSPORT_FILE = 'lib/connection/tls-connect.ts';

/** The only folders that may name the npm package `smpp`. */
const KNOWS_SMPP_PACKAGE = ['pdu', 'simulator'];

const CLOCK_GLOBALS = ['setTimeout', 'setInterval', 'performance'];
const IO_GLOBALS = ['setImmediate', 'queueMicrotask', 'process', 'console', 'crypto', 'fetch', 'globalThis'];
/** lib/text also runs in the browser, inside the editor's forms. */
const NODE_GLOBALS = ['Buffer'];

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

function importPatterns({ name, self, allowed, isPure, isNodes }) {
  const message = `${name} may not import this: see the table in eslint.config.mjs and ARCHITECTURE.md`;
  const knowsSmpp = KNOWS_SMPP_PACKAGE.includes(self);
  const patterns = folderPattern(closed([...allowed, self]), message);
  if (STORAGE_TYPES_ONLY.includes(self)) {
    patterns.push({ regex: '(^|/)storage/', allowTypeImports: true, message: 'types of the port only' });
  }
  if (!isNodes)
    patterns.push({ regex: '/nodes/|^node-red$|(^|/)gateway\\.js$', message: 'imports point down' });
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

const libraryLayers = [
  layer({
    name: 'a leaf of lib/',
    files: ['lib/*.ts'],
    ignores: ['lib/gateway.ts', 'lib/clock.ts', 'lib/smpp.d.ts'],
    time: 'pure',
  }),
  layer({ name: 'lib/clock.ts', files: ['lib/clock.ts'] }),
  layer({ name: 'lib/gateway.ts', files: ['lib/gateway.ts'], allowed: ALL_BUT_SIMULATOR, time: 'injected' }),
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
  files: ['inmobile-connection', 'smpp-send', 'smpp-receive', 'smpp-dlr'].map(
    (type) => `nodes/${type}/${type}.ts`,
  ),
  rules: { 'no-restricted-syntax': ['error', ...STYLE_SYNTAX] },
};

const sizes = {
  'max-lines': ['error', 300],
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
  // A method of an asynchronous port may have nothing to wait for, and must reject rather than throw.
  '@typescript-eslint/require-await': 'off',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
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
    },
  },
  {
    files: ['**/*.mjs'],
    extends: [js.configs.recommended],
    languageOptions: { globals: Object.fromEntries(scriptGlobals.map((name) => [name, 'readonly'])) },
    rules: {
      'max-lines': ['error', 300],
      'max-lines-per-function': ['error', 60],
      complexity: ['error', 10],
      'max-params': ['error', 4],
      eqeqeq: 'error',
      'prefer-const': 'error',
    },
  },
);
