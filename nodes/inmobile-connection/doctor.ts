/**
 * The connection doctor of the form: one request, one diagnosis with what the form holds now.
 *
 * Who may change a connection may not read what its deployment knows, nor have a network searched: the stored password
 * goes to the deployed hosts alone, behind the deployed pins; a variable is filled in only where the deployed connection
 * has it too; inMobile's names lead to addresses of the internet alone; only ports of SMPP are tried; and one diagnosis
 * runs at a time. That nobody can have an account locked is the library's care, which counts refused logins.
 */
import { BlockList, isIPv6 } from 'node:net';
import type { Clock, Millis } from '../../lib/clock.js';
import { asSmppError } from '../../lib/errors.js';
import { diagnose, type DiagnosisPlan, type GatewayOptions } from '../../lib/gateway.js';
import type { HostDiagnosis } from '../../lib/message.js';
import { createSimulator } from '../../lib/simulator/simulator.js';
import { FormReader, hasVariable, ONLY_A_VARIABLE, type Environment } from '../shared/form-reader.js';
import type { ConnectionCredentials, ConnectionForm } from './form.js';
import { passwordTarget, STORED } from './password-target.js';
import { readHosts } from './read-hosts.js';
import { readOptions } from './read-options.js';
import type { TlsFiles } from './read-tls-config.js';

/** What the form sends. */
export interface DoctorRequest extends ConnectionForm, ConnectionCredentials {
  /** Of the connection node. */
  readonly id?: unknown;
  /** Every mode, at the first host, instead of the one that is chosen. */
  readonly tryAllModes?: unknown;
}

/** A connection as it stands in the deployed flow, where no variable is filled in. */
export interface DeployedConnection {
  readonly form: ConnectionForm;
  readonly systemId: string | undefined;
  /** With its variable filled in; undefined of one that does not run. */
  readonly password: string | undefined;
}

export interface DoctorSurroundings {
  readonly deployed: (id: string) => DeployedConnection | undefined;
  /** Of all deployed connections. */
  readonly deployedPorts: () => readonly number[];
  readonly environment: Environment;
  readonly tlsFiles: (id: string) => TlsFiles | undefined;
}

/** A status of HTTP, and what the form shows. */
export interface DoctorAnswer {
  readonly status: 200 | 400 | 409 | 429;
  readonly body:
    | { readonly hosts: readonly HostDiagnosis[] }
    | { readonly error: { readonly code: string; readonly message: string; readonly field?: string } };
}

const DIAGNOSES_MAX = 6;
const DIAGNOSES_WITHIN_MS: Millis = 60_000;

/** By IANA, and by custom. */
const SMPP_PORTS: readonly number[] = [2775, 2776, 3550];

const REASONS = {
  DOCTOR_BUSY: 'another test is running: wait for it',
  DOCTOR_RATE: 'at most 6 tests a minute: wait a little',
  DOCTOR_PASSWORD:
    'the stored password is used for the deployed hosts, TLS setting and pins only: enter it to test others',
  DOCTOR_VARIABLE:
    'a test fills in environment variables only where the deployed connection has the same: deploy first, or write the value itself',
  DOCTOR_PORT: `a test goes to ports of SMPP (${SMPP_PORTS.join(', ')}) and of deployed connections only: deploy first`,
};

export class Doctor {
  readonly #clock: Clock;
  #isBusy = false;
  #diagnosedAt: Millis[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Never rejects. */
  async answer(request: DoctorRequest, surroundings: DoctorSurroundings): Promise<DoctorAnswer> {
    const now = this.#clock.now();
    this.#diagnosedAt = this.#diagnosedAt.filter((at) => at > now - DIAGNOSES_WITHIN_MS);
    if (this.#isBusy) return refused(409, 'DOCTOR_BUSY');
    if (this.#diagnosedAt.length >= DIAGNOSES_MAX) return refused(429, 'DOCTOR_RATE');
    this.#isBusy = true;
    this.#diagnosedAt.push(now);
    try {
      const found = await examine(request, surroundings);
      return typeof found === 'string' ? refused(400, found) : { status: 200, body: { hosts: found } };
    } catch (error) {
      const { code, message, field } = asSmppError(error, 'SMPP_OPTIONS');
      return { status: 400, body: { error: { code, message, ...(field !== undefined && { field }) } } };
    } finally {
      this.#isBusy = false;
    }
  }
}

/** Resolves to why not, where it may not. */
async function examine(
  request: DoctorRequest,
  surroundings: DoctorSurroundings,
): Promise<HostDiagnosis[] | keyof typeof REASONS> {
  const deployed = typeof request.id === 'string' ? surroundings.deployed(request.id) : undefined;
  const password = passwordOf(request, deployed);
  if (password === undefined) return 'DOCTOR_PASSWORD';
  if (!areVariablesDeployed(request, deployed)) return 'DOCTOR_VARIABLE';
  const { isSimulated, options } = readRequest({ ...request, password }, surroundings);
  if (isSimulated) return examineSimulator(options, request);
  const ports = [...SMPP_PORTS, ...surroundings.deployedPorts()];
  if (options.hosts?.every(({ port = 0 }) => ports.includes(port)) !== true) return 'DOCTOR_PORT';
  return diagnose(options, { ...planOf(request), refusesAddress: refusalOf(request.gateway) });
}

/** Undefined when the stored password would go to another place than it was deployed for. */
function passwordOf(request: DoctorRequest, deployed: DeployedConnection | undefined): string | undefined {
  const { password = '' } = request;
  if (password !== STORED) return password;
  return isSamePlace(request, deployed) ? deployed?.password : undefined;
}

function readRequest(
  request: DoctorRequest,
  { environment, tlsFiles }: DoctorSurroundings,
): ReturnType<typeof readOptions> {
  const { systemId = '', password = '' } = request;
  const tls = typeof request.tls === 'string' && request.tls !== '_ADD_' ? request.tls : '';
  // Nothing is stored by a test, so where does not matter.
  const form = { ...request, tls, storage: 'memory' };
  return readOptions(
    form,
    { systemId, password },
    { environment, directory: undefined, tlsFiles: tls === '' ? undefined : tlsFiles(tls) },
  );
}

/** Whether a login would go where the deployed connection's goes, and to nobody whom that one would not take for it. */
function isSamePlace(request: ConnectionForm, deployed: DeployedConnection | undefined): boolean {
  if (deployed === undefined || targetOf(request) !== targetOf(deployed.form)) return false;
  const { pins, pinMode } = deployed.form;
  const pinned = textOf(pins) !== '' && !['', 'warn'].includes(textOf(pinMode));
  return !pinned || (textOf(request.pins) === textOf(pins) && request.pinMode === pinMode);
}

function targetOf({ gateway, hosts, tls }: ConnectionForm): string {
  return passwordTarget(textOf(gateway), textOf(hosts), textOf(tls));
}

/**
 * Whether each variable stands in the deployed connection too: whatever one had, an error or a host of somebody's own
 * could tell it. That of the system id may go to the deployed hosts alone, as the password does.
 */
function areVariablesDeployed(
  { systemId = '', password = '', ...form }: DoctorRequest,
  deployed: DeployedConnection | undefined,
): boolean {
  if (ONLY_A_VARIABLE.test(password)) return false;
  if (ONLY_A_VARIABLE.test(systemId) && !(systemId === deployed?.systemId && isSamePlace(form, deployed)))
    return false;
  return Object.entries(form).every(
    ([field, value]) =>
      typeof value !== 'string' || !hasVariable(value) || value === deployed?.form[field as FormField],
  );
}

type FormField = keyof ConnectionForm;

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

/** The ports of a connection's own hosts; none where they cannot be read. */
export function portsOf(form: ConnectionForm, environment: Environment): readonly number[] {
  try {
    return readHosts(new FormReader(form, environment).text('hosts')).map(({ port }) => port);
  } catch {
    return [];
  }
}

function planOf({ tryAllModes }: DoctorRequest): DiagnosisPlan {
  if (tryAllModes !== true) return {};
  return { modes: ['transceiver', 'transmitter', 'receiver'], onlyFirstHost: true };
}

async function examineSimulator(options: GatewayOptions, request: DoctorRequest): Promise<HostDiagnosis[]> {
  const simulator = createSimulator();
  try {
    // It is known to be well, and a person waits.
    return await diagnose({ ...options, connect: simulator.connect }, { ...planOf(request), keepsBindMs: 0 });
  } finally {
    await simulator.stop();
  }
}

type Subnet = readonly [network: string, prefix: number];

/** Where clouds keep the keys of their machines, or answer them otherwise; no SMS gateway is there. */
const OF_CLOUDS: readonly Subnet[] = [
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
  ['fe80::', 10],
  ['fd00:ec2::254', 128],
  ['fd00:c1::a9fe:a9fe', 128],
  ['fd20:ce::254', 128],
];

/** Where inMobile's hosts can never be (RFC 6890, and those that lead to an IPv4 address in a way of their own). */
const NOT_OF_THE_INTERNET: readonly Subnet[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fec0::', 10],
  ['ff00::', 8],
];

const REFUSED_OF_OWN = blockList(OF_CLOUDS);
const REFUSED_OF_INMOBILE = blockList([...OF_CLOUDS, ...NOT_OF_THE_INTERNET]);

/** The addresses that are not connected to. A person who names hosts of their own may name one in their own network. */
export function refusalOf(gateway: unknown): (address: string) => boolean {
  const list = gateway === 'custom' ? REFUSED_OF_OWN : REFUSED_OF_INMOBILE;
  return (address) => {
    const [bare = ''] = address.split('%', 1);
    return list.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4');
  };
}

function blockList(subnets: readonly Subnet[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of subnets) {
    list.addSubnet(network, prefix, isIPv6(network) ? 'ipv6' : 'ipv4');
    if (isIPv6(network)) continue;
    for (const [within, before] of translated(network)) list.addSubnet(within, before + prefix, 'ipv6');
  }
  return list;
}

/** The addresses of IPv6 that lead to one of IPv4: compatible, translated (RFC 7915), NAT64 (RFC 6052), 6to4 (RFC 3056). */
function translated(ipv4: string): readonly Subnet[] {
  const octets = ipv4.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  const [high, low] = [octets.slice(0, 2).join(''), octets.slice(2).join('')];
  return [
    [`::${high}:${low}`, 96],
    [`::ffff:0:${high}:${low}`, 96],
    [`64:ff9b::${high}:${low}`, 96],
    [`2002:${high}:${low}::`, 16],
  ];
}

function refused(status: 400 | 409 | 429, code: keyof typeof REASONS): DoctorAnswer {
  return { status, body: { error: { code, message: REASONS[code] } } };
}
