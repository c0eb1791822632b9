/**
 * `npm run build`: everything that the package ships, into dist/.
 *
 * tsc compiles lib/ and nodes/ file by file, so that a stack trace names the sources' own files and lines.
 * esbuild bundles the script of each form, and of the sidebar, into its html, where Node-RED's loader, the editor
 * and the flow library look for it. dist/ is replaced only when all of it is built.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const DIST = path.join(ROOT, 'dist');
const DRAFT = path.join(ROOT, '.cache', 'dist');

/** Node-RED serves an icon found beside any node to all nodes of the module, so one copy is enough. */
const ICONS_HOME = 'inmobile-connection';

/** npm `smpp` has no types of its own; tsc does not copy declarations. */
const SMPP_TYPES = 'lib/smpp.d.ts';

rmSync(DRAFT, { recursive: true, force: true });
mkdirSync(DRAFT, { recursive: true });
compile();
for (const folder of foldersWithForm()) {
  await buildForm(folder);
  copyIfThere(`nodes/${folder}/locales`, `nodes/${folder}/locales`);
}
copyIfThere('icons', `nodes/${ICONS_HOME}/icons`);
rmSync(DIST, { recursive: true, force: true });
renameSync(DRAFT, DIST);

function compile() {
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', DRAFT], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
  keepLibraryDeclarations();
}

/** Only the library is used from TypeScript; where its types name npm `smpp`, ours for that package go along. */
function keepLibraryDeclarations() {
  const declarations = readdirSync(DRAFT, { recursive: true }).filter((file) => file.endsWith('.d.ts'));
  for (const name of declarations) {
    const file = path.join(DRAFT, name);
    const text = readFileSync(file, 'utf8');
    if (name.startsWith('nodes')) rmSync(file);
    else if (/ from ['"]smpp['"]/.test(text)) {
      const reference = path.relative(path.dirname(file), path.join(DRAFT, SMPP_TYPES)).replaceAll('\\', '/');
      writeFileSync(file, `/// <reference path="${reference}" />\n${text}`);
    }
  }
  cpSync(path.join(ROOT, SMPP_TYPES), path.join(DRAFT, SMPP_TYPES));
}

function foldersWithForm() {
  return readdirSync(path.join(ROOT, 'nodes')).filter((name) => existsSync(source(name, 'editor.ts')));
}

/** The form's script and template, as the one html file that stands beside the built node. */
async function buildForm(folder) {
  const bundle = await build({
    entryPoints: [source(folder, 'editor.ts')],
    tsconfig: path.join(ROOT, 'nodes', 'tsconfig.editor.json'),
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2020',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
  const script = bundle.outputFiles[0].text;
  if (isNode(folder)) requireLiteralDefinition(folder, script);
  const html = [
    '<script type="text/javascript">',
    // An end tag inside a string would end the script.
    script.replace(/<\/script/gi, '<\\/script').trimEnd(),
    '</script>',
    readFileSync(source(folder, 'editor.html'), 'utf8'),
  ].join('\n');
  mkdirSync(path.join(DRAFT, 'nodes', folder), { recursive: true });
  writeFileSync(path.join(DRAFT, 'nodes', folder, `${folder}.html`), html);
}

function isNode(folder) {
  const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  return folder in manifest['node-red'].nodes;
}

/** The flow library and the palette read a module's types from this call without running it. */
function requireLiteralDefinition(type, script) {
  if (script.includes(`RED.nodes.registerType("${type}", {`)) return;
  throw new Error(
    `nodes/${type}/editor.ts must call RED.nodes.registerType('${type}', { … }) with a literal`,
  );
}

function source(folder, file) {
  return path.join(ROOT, 'nodes', folder, file);
}

function copyIfThere(from, to) {
  if (!existsSync(path.join(ROOT, from))) return;
  cpSync(path.join(ROOT, from), path.join(DRAFT, to), { recursive: true });
}
