/**
 * inmobile-connection: the account, the hosts and the settings that the other nodes share; one gateway client.
 *
 * A thin adapter. Reading the form is `read-options.ts`, starting and stopping is `account.ts`, the client is
 * `lib/gateway.ts`. The simulated gateway of `lib/simulator` is a choice in the form.
 * Source: contract section 3.1.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { systemClock } from '../../lib/clock.js';
import { checkOptions, createSuccessor, holdsStore } from '../../lib/gateway.js';
import { SIMULATED_FOLDER } from '../../lib/inmobile.js';
import type { GatewayStatus } from '../../lib/message.js';
import { createSimulator } from '../../lib/simulator/simulator.js';
import type { Connection } from '../shared/connection.js';
import { flowGateOf, type FlowGate } from '../shared/flow-gate.js';
import { environmentOf, formOf, settingsError } from '../shared/form-reader.js';
import { resultDeskOf } from '../shared/result-desk.js';
import type { Translate } from '../shared/status.js';
import { Account, type Log, type RunningParts } from './account.js';
import { registerAdminRoutes, type LiveConnection } from './admin-routes.js';
import { isFormField, type ConnectionCredentials, type ConnectionForm } from './form.js';
import { statusWithout } from './metrics.js';
import { ParkedAccounts } from './parked-accounts.js';
import { folderOf, readOptions, type ConnectionSettings } from './read-options.js';
import { readTlsConfig } from './read-tls-config.js';
import { SimulatorControls } from './simulator-controls.js';
import type { ReportingNode } from './status-board.js';
import { UnusableConnection } from './unusable-connection.js';

/** Under Node-RED's userDir, one folder for each connection node. */
const FOLDER = 'inmobile-smpp';

type ConnectionDef = NodeDef & ConnectionForm;

type ConfigNode = Node<ConnectionCredentials> & ReportingNode & { connection?: Connection };

export default function registerInmobileConnection(RED: NodeAPI): void {
  const shared = sharedOf(flowGateOf(RED.events));
  const { gate, parked, live, unusable } = shared;
  const results = resultDeskOf(RED.events);
  const translate: Translate = (key, blanks) => RED._(`inmobile-connection.${key}`, { ...blanks });
  const common = { ...shared, results, translate, makeParts };

  function accountOf(node: ConfigNode, def: ConnectionDef): Account {
    const settings = readSettings(RED, node, def);
    checkOptions(settings.options); // before the account that has the queue gives way to one that cannot be made
    const found = parked.find(node.id, settings);
    if (found.adopted !== undefined) {
      found.adopted.moveTo(node, settings);
      return found.adopted;
    }
    const { predecessor } = found;
    const after = parked.left(node.id, folderOf(settings));
    return new Account({ ...common, settings, node, after, predecessor });
  }

  /** What its store on disk keeps from an earlier run is told of all the same. */
  function keeperOf(node: ConfigNode, def: ConnectionDef): Account | undefined {
    const settings = readStore(RED, node, def);
    const folder = settings && folderOf(settings);
    if (settings === undefined || folder === undefined || !holdsStore(folder)) return undefined;
    const after = parked.left(node.id, folder);
    return new Account({ ...common, settings, node, after, isKeeperOnly: true });
  }

  function InmobileConnection(this: ConfigNode, def: ConnectionDef): void {
    RED.nodes.createNode(this, def);
    this.users = {};
    try {
      enlist(shared, this, accountOf(this, def), def);
    } catch (error) {
      const problem = settingsError(error, (option) => labelOf(option, translate));
      this.error(problem.message);
      const isSimulated = def.gateway === 'simulator';
      const account = parked.take(this.id) ?? keeperOf(this, def);
      if (account !== undefined) {
        account.hold(this, problem, isSimulated);
        enlist(shared, this, account, def);
        return;
      }
      unusable.set(this, statusWithout(problem, systemClock.wall()));
      this.on('close', () => unusable.delete(this));
      this.connection = new UnusableConnection({ problem, node: this, isSimulated, translate, gate });
    }
  }

  registerAdminRoutes(RED, live, unusable);

  RED.nodes.registerType<ConfigNode, ConnectionDef, object, ConnectionCredentials>(
    'inmobile-connection',
    InmobileConnection,
    {
      credentials: { systemId: { type: 'text' }, password: { type: 'password' } },
    },
  );
}

/** An option of the library is named with its path: its last part that the form has too is the field. */
function labelOf(option: string, translate: Translate): string | undefined {
  const field = option.split('.').reverse().find(isFormField);
  return field === undefined ? undefined : translate(`label.${field}`);
}

function enlist(shared: Shared, node: ConfigNode, account: Account, form: ConnectionDef): void {
  node.connection = account;
  shared.live.set(node.id, { node, account, form });
  node.on('close', (closed: () => void) => {
    void leave(shared, node, account).then(closed);
  });
}

/** The node closes, and its account goes on or ends. */
async function leave({ gate, parked, live }: Shared, node: Node, account: Account): Promise<void> {
  const { id } = node;
  // One that replaces this one has its id, and may be here already.
  if (live.get(id)?.node === node) live.delete(id);
  if (gate.isDeploying) {
    parked.park(id, account, account.folder);
    return;
  }
  await account.end();
}

function readSettings(
  RED: NodeAPI,
  node: ConfigNode,
  def: ConnectionDef,
  credentials: ConnectionCredentials = node.credentials,
): ConnectionSettings {
  const environment = environmentOf(RED, node);
  const { userDir } = RED.settings;
  return readOptions(formOf(RED, node, def), credentials, {
    environment,
    // An id is a file's name here, and a flow that was written by hand may have any.
    directory:
      userDir === undefined ? undefined : join(userDir, FOLDER, node.id.replace(/[^A-Za-z0-9-]/g, '_')),
    resolveFolder: (named) => resolveFolder(named, userDir),
    tlsFiles: typeof def.tls === 'string' ? readTlsConfig(RED.nodes.getNode(def.tls)) : undefined,
  });
}

/** Of wrong settings, those that name the store; undefined when they are wrong too. */
function readStore(RED: NodeAPI, node: ConfigNode, def: ConnectionDef): ConnectionSettings | undefined {
  const { id, type, gateway, storage, storageDirectory } = def;
  const isSimulated = gateway === 'simulator';
  const named = { id, type, storage, storageDirectory, gateway: isSimulated ? gateway : 'inmobile' };
  try {
    // What another folder holds moves with settings that are right.
    return { ...readSettings(RED, node, named as ConnectionDef, NO_ACCOUNT), note: undefined };
  } catch {
    return undefined;
  }
}

/** Stands for one where nothing is sent. */
const NO_ACCOUNT: ConnectionCredentials = { systemId: 'none', password: 'none' };

/** From the user directory; a store that an earlier version made in the working directory stays where it is. */
function resolveFolder(named: string, userDir = '.'): string {
  const folder = resolve(userDir, named);
  const before = resolve(named);
  const isBefore = [before, join(before, SIMULATED_FOLDER)].some(holdsStore);
  return isBefore && !existsSync(folder) ? before : folder;
}

function makeParts(
  { options, isSimulated, note }: ConnectionSettings,
  log: Log,
  isTaken: (folder: string) => boolean,
  before?: Partial<RunningParts>,
): RunningParts {
  const simulator = isSimulated ? (before?.simulator ?? new SimulatorControls(createSimulator())) : undefined;
  const all = { ...options, log, ...(simulator && { connect: simulator.connect }) };
  const gateway = createSuccessor(all, before?.gateway, note && { ...note, isTaken });
  return simulator === undefined ? { gateway } : { gateway, simulator };
}

/** What the connection nodes of a runtime have in common; the node file may be loaded more than once. */
interface Shared {
  readonly gate: FlowGate;
  readonly parked: ParkedAccounts<Account>;
  /** By id of the node. */
  readonly live: Map<string, Live>;
  readonly unusable: Map<Node, GatewayStatus>;
  readonly isInUse: (folder: string) => boolean;
  readonly hasTwin: (account: Account) => boolean;
}

type Live = LiveConnection & { readonly account: Account };

const sharedByGate = new WeakMap<FlowGate, Shared>();

function sharedOf(gate: FlowGate): Shared {
  const known = sharedByGate.get(gate);
  if (known !== undefined) return known;
  const live = new Map<string, Live>();
  const storeLeft = (): void => {
    for (const { account } of live.values()) account.startAgain();
  };
  const shared: Shared = {
    gate,
    parked: new ParkedAccounts<Account>(gate, storeLeft),
    live,
    unusable: new Map(),
    isInUse: (folder) => [...live.values()].some(({ account }) => account.folder === folder),
    hasTwin: (account) =>
      [...live.values()].some(({ account: other }) => other.users.size > 0 && other.isTwinOf(account)),
  };
  process.on('exit', () => shared.parked.exit());
  sharedByGate.set(gate, shared);
  return shared;
}
