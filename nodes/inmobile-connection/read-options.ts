/**
 * From the connection node's form to the options of the gateway client; pure.
 *
 * Every error names the field as the form calls it, and no error quotes a credential. Verification of the
 * gateway's certificate is not among the options: it is always on.
 * Source: contract section 3.1; gateway.md (hosts, TLS); SMPP 3.4 §4.1.1 (lengths of system_id and password).
 */
import { dirname, join, resolve } from 'node:path';
import type { AddressType, GatewayOptions, NotePlace } from '../../lib/gateway.js';
import {
  INMOBILE_HOSTS,
  INMOBILE_PORT,
  PASSWORD_MAX,
  SIMULATED_FOLDER,
  SYSTEM_ID_MAX,
} from '../../lib/inmobile.js';
import { readCountry } from '../../lib/phone-number.js';
import { readSender } from '../../lib/sender.js';
import type { SmsSettings } from '../shared/connection.js';
import { FormReader, hasVariable, optionError, type Environment } from '../shared/form-reader.js';
import type { ConnectionCredentials, ConnectionForm } from './form.js';
import { readAddressType } from './read-address-type.js';
import { readHosts } from './read-hosts.js';
import type { TlsFiles } from './read-tls-config.js';

export interface ConnectionSurroundings {
  readonly environment: Environment;
  /** Folder for what must survive a restart, unless the form names one; undefined when there is none. */
  readonly directory: string | undefined;
  /** The path of a folder that the form names. Default: from the working directory. */
  readonly resolveFolder?: (named: string) => string;
  /** What the tls-config node holds that the form names; undefined when it names none. */
  readonly tlsFiles: TlsFiles | undefined;
}

export interface ConnectionSettings {
  readonly isSimulated: boolean;
  readonly sms: SmsSettings;
  readonly options: GatewayOptions;
  /** Where its folders are noted; undefined when Node-RED has no userDir. */
  readonly note: NotePlace | undefined;
}

/** An account would answer with ESME_RTHROTTLED or not at all long before; gateway.md: not published. */
const WINDOW_MAX = 1_000;
const SEGMENTS_PER_SECOND_MAX = 10_000;

/** Anything will do for the simulated gateway, but SMPP wants something. */
const SIMULATED_ACCOUNT = { systemId: 'simulated', password: 'secret' };

/**
 * Reads the form, the credentials and what stands around them.
 *
 * @throws SMPP_OPTIONS naming the field at fault and the remedy
 */
export function readOptions(
  form: ConnectionForm,
  credentials: ConnectionCredentials,
  surroundings: ConnectionSurroundings,
): ConnectionSettings {
  const reader = new FormReader(form, surroundings.environment);
  const gateway = reader.word('gateway', ['inmobile', 'custom', 'simulator']);
  const isSimulated = gateway === 'simulator';
  const segmentsPerSecond = reader.count('segmentsPerSecond', SEGMENTS_PER_SECOND_MAX);
  const window = reader.count('window', WINDOW_MAX);
  const shortSender = readShortSender(reader);
  return {
    isSimulated,
    sms: readSmsSettings(form, reader),
    note: noteBeside(surroundings.directory, isSimulated),
    options: {
      hosts:
        gateway === 'custom' ? [...readHosts(reader.text('hosts'), variableIn(form.hosts))] : inmobileHosts(),
      ...(isSimulated
        ? SIMULATED_ACCOUNT
        : readAccount(new FormReader(credentials, surroundings.environment))),
      connectionMode: reader.word('connectionMode', ['transceiver', 'transmitter', 'receiver', 'pair']),
      links: reader.word('links', ['failover', 'both']),
      onUncertain: reader.word('onUncertain', ['resend', 'reconcile', 'report']),
      storage: readStorage(reader, surroundings, isSimulated),
      ...(window !== undefined && { window }),
      ...(segmentsPerSecond !== undefined && { segmentsPerSecond }),
      ...(shortSender !== undefined && { shortSender }),
      ...(!isSimulated && { tls: readTls(reader, surroundings.tlsFiles) }),
    },
  };
}

/** Beside the folder that it has by default, whatever folder the form names; what is simulated has one of its own. */
function noteBeside(directory: string | undefined, isSimulated: boolean): NotePlace | undefined {
  if (directory === undefined) return undefined;
  const suffix = isSimulated ? `.${SIMULATED_FOLDER}` : '';
  return { file: `${directory}${suffix}.json`, base: dirname(dirname(directory)) };
}

function variableIn(value: unknown): string | undefined {
  return typeof value === 'string' && hasVariable(value) ? value.trim() : undefined;
}

function readSmsSettings(form: ConnectionForm, reader: FormReader): SmsSettings {
  const sender = reader.text('sender');
  return {
    sender: sender === '' ? undefined : readSender(sender, 'sender'),
    defaultCountry: readCountry(form.defaultCountry === undefined ? 'DK' : reader.text('defaultCountry')),
  };
}

function readShortSender(reader: FormReader): AddressType | undefined {
  const text = reader.text('shortSender');
  if (text === '') return undefined;
  const type = readAddressType(text);
  if (type !== undefined) return type;
  throw optionError('shortSender', 'it is a type of number and a numbering plan, such as 3/0');
}

function inmobileHosts(): { host: string; port: number }[] {
  return INMOBILE_HOSTS.map((host) => ({ host, port: INMOBILE_PORT }));
}

function readAccount(reader: FormReader): { systemId: string; password: string } {
  const systemId = reader.secret('systemId').trim();
  const password = reader.secret('password');
  if (systemId === '') throw optionError('systemId', 'enter the system id of your account');
  if (systemId.length > SYSTEM_ID_MAX) {
    throw optionError(
      'systemId',
      `it has ${systemId.length} characters; SMPP's field holds ${SYSTEM_ID_MAX}: check it`,
    );
  }
  if (password === '') {
    throw optionError('password', 'enter the password; an import or a copied flow never carries it');
  }
  if (password.length > PASSWORD_MAX) {
    throw optionError(
      'password',
      `it has ${password.length} characters; SMPP's field holds ${PASSWORD_MAX}: ask inMobile for a shorter one`,
    );
  }
  return { systemId, password };
}

type Storage = NonNullable<GatewayOptions['storage']>;

function readStorage(
  reader: FormReader,
  { directory, resolveFolder = resolve }: ConnectionSurroundings,
  isSimulated: boolean,
): Storage {
  const kind = reader.text('storage');
  if (kind === 'memory') return { kind: 'memory' };
  if (kind === 'cluster') {
    throw optionError('storage', 'cluster storage is not available in this version: choose disk or memory');
  }
  if (kind !== 'disk' && kind !== '') throw optionError('storage', 'must be one of disk, memory');
  const named = reader.text('storageDirectory');
  const chosen = named === '' ? directory : resolveFolder(named);
  if (chosen === undefined) throw optionError('storageDirectory', 'name a folder: Node-RED has no userDir');
  return { kind: 'disk', directory: isSimulated ? join(chosen, SIMULATED_FOLDER) : chosen };
}

type Tls = Exclude<NonNullable<GatewayOptions['tls']>, false>;

function readTls(reader: FormReader, files: TlsFiles | undefined): Tls {
  if (reader.text('tls') !== '' && files === undefined) {
    throw optionError('tls', 'the TLS configuration that it names is missing, disabled or of another type');
  }
  const pins = reader
    .text('pins')
    .split(/[\s,]+/)
    .filter((pin) => pin !== '');
  return {
    ...files,
    ...(pins.length > 0 && { pins, pinMode: reader.word('pinMode', ['warn', 'enforce']) }),
  };
}

/** Of the store; undefined when that is in memory. */
export function folderOf({ options: { storage } }: ConnectionSettings): string | undefined {
  return storage?.kind === 'disk' ? storage.directory : undefined;
}
