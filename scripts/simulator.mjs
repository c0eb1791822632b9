/**
 * `npm run simulator`: the simulated gateway alone. Two hosts with TLS on loopback that stand in for inMobile's,
 * for a Node-RED or any other SMPP client on this machine. It sends nothing anywhere.
 */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, prepare } from './prepare.mjs';

const CA_FILE = path.join(ROOT, '.cache', 'simulator-ca.pem');
/** inMobile's own port, and the next. */
const FIRST_PORT = 2775;

const OPTIONS = {
  help: { type: 'boolean', default: false },
  port: { type: 'string' },
  'system-id': { type: 'string' },
  password: { type: 'string' },
  'ca-file': { type: 'string', default: CA_FILE },
  'receipt-delay': { type: 'string' },
  'response-delay': { type: 'string' },
  plain: { type: 'boolean', default: false },
  quiet: { type: 'boolean', default: false },
};

const HELP = `Usage: npm run simulator -- [options]

A simulated inMobile gateway: two hosts on 127.0.0.1, with TLS and a certificate made at start.

  --port NUMBER          port of the first host, the second has the next (default ${FIRST_PORT}; 0: any free ones)
  --system-id TEXT       the only system_id that may bind (default: any)
  --password TEXT        its password (default: any)
  --ca-file FILE         where the CA's certificate is written (default .cache/simulator-ca.pem)
  --receipt-delay MS     from the answer to the receipt (default 100)
  --response-delay MS    from the submit_sm to its answer (default 0)
  --plain                without TLS, for clients that can do without on loopback
  --quiet                prints no line for each bind and each SMS
  --help                 this text

What happens to an SMS is in the last two digits of its recipient:
`;

await main();

async function main() {
  const values = readArguments();
  if (values === undefined) return;
  await prepare();
  const require = createRequire(import.meta.url);
  const simulation = require('../dist/lib/simulator/simulator.js');
  if (values.help) {
    console.log(`${HELP}${simulation.describeScenarios()}`);
    return;
  }
  const simulator = await start(simulation, values);
  if (simulator === undefined) return;
  if (!values.quiet) simulator.onAccepted((sms) => console.log(describe(sms, require)));
  console.log(welcome(simulator, values));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void simulator.stop());
}

/** The options as given, or undefined once they were found wrong and that was said. */
function readArguments() {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    for (const name of ['port', 'receipt-delay', 'response-delay']) checkNumber(name, values[name]);
    return values;
  } catch (error) {
    return fail(`${error.message}\nTry: npm run simulator -- --help`);
  }
}

function checkNumber(name, value) {
  const max = name === 'port' ? 65_534 : 2 ** 31 - 1;
  if (value === undefined || (/^\d+$/.test(value) && Number(value) <= max)) return;
  throw new Error(`--${name} is a number from 0 to ${max}, not "${value}"`);
}

async function start({ startSimulator }, values) {
  const port = Number(values.port ?? FIRST_PORT);
  try {
    mkdirSync(path.dirname(path.resolve(values['ca-file'])), { recursive: true });
    return await startSimulator({
      ports: [port, port === 0 ? 0 : port + 1],
      ...given('systemId', values['system-id']),
      ...given('password', values.password),
      ...given('receiptDelayMs', values['receipt-delay'], Number),
      ...given('responseDelayMs', values['response-delay'], Number),
      ...(values.plain ? { tls: false } : { caFile: values['ca-file'] }),
      ...(values.quiet ? {} : { log: (line) => console.log(line) }),
    });
  } catch (error) {
    if (error.code !== 'EADDRINUSE') return fail(error.message);
    return fail(`Port ${error.port} is in use by another program. Choose others with --port.`);
  }
}

/** An option that was given, under the library's name for it. */
function given(name, value, convert = String) {
  return value === undefined ? {} : { [name]: convert(value) };
}

function welcome({ hosts }, values) {
  const addresses = hosts.map(({ host, port }) => `${host}:${port}`).join(', ');
  const lines = ['Simulated inMobile gateway; nothing is sent.', ''];
  for (const { name, host, port } of hosts) lines.push(`  ${name}   ${host}:${port}`);
  if (values.plain) {
    lines.push('', 'Without TLS: for createGateway({ tls: false, … }) and other clients, not for the nodes.');
  } else {
    lines.push(
      `  CA    ${path.resolve(values['ca-file'])}`,
      '',
      'In Node-RED: an inmobile-connection with Gateway "other hosts",',
      `Hosts "${addresses}", and a TLS configuration with the CA certificate above.`,
    );
  }
  lines.push(
    `System ID: ${values['system-id'] ?? 'any'}. Password: ${values.password === undefined ? 'any' : 'as given'}.`,
    'What happens to an SMS is in its number: npm run simulator -- --help. Stop with Ctrl+C.',
    '',
  );
  return lines.join('\n');
}

/** One line without the text and without a whole number. */
function describe({ from, to, host, segments }, require) {
  const { maskNumber } = require('../dist/lib/errors.js');
  return `host ${host}: SMS from ${maskNumber(from)} to ${maskNumber(to)}, ${segments.length} segment(s)`;
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
  return undefined;
}
