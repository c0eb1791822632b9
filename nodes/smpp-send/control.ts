/**
 * `msg.action`: what a flow may do to its connection instead of sending.
 *
 * Source: contract section 3.2; as core MQTT nodes do.
 */
import { SmppError } from '../../lib/errors.js';
import type { GatewayStatus } from '../../lib/message.js';
import type { Connection } from '../shared/connection.js';

const ACTIONS = ['connect', 'disconnect', 'status', 'cancel'] as const;
export type Action = (typeof ACTIONS)[number];

export interface ControlResult {
  /** The connection's status afterwards; no personal data. */
  readonly status: GatewayStatus;
  /** Of `cancel`: false when no SMS that was meant still waited. */
  readonly cancelled?: boolean;
}

/**
 * The action that a msg asks for, or undefined when it is to be sent.
 *
 * @throws SMPP_MESSAGE for another action: a word written wrongly must not become an SMS
 */
export function readAction(action: unknown): Action | undefined {
  if (action === undefined || action === null || action === '') return undefined;
  const known = ACTIONS.find((word) => word === action);
  if (known !== undefined) return known;
  throw new SmppError(
    'SMPP_MESSAGE',
    `action: it is one of ${ACTIONS.join(', ')}; remove it to send the msg`,
    {
      field: 'action',
    },
  );
}

interface Surroundings {
  readonly connections: readonly Connection[];
  readonly idsOf: (messageId: string) => Promise<readonly string[]>;
}

/**
 * Does it.
 *
 * @param id for `cancel`: of the SMS, or of the msg that it came with
 * @param around.idsOf from the latter to the former, of what still waits for its result
 * @param around.connections all there are, for it may have come over another one before a node was moved
 * @throws SMPP_MESSAGE when `cancel` names no SMS, and what the connection throws
 */
export async function control(
  connection: Connection,
  action: Action,
  id: unknown,
  around: Surroundings,
): Promise<ControlResult> {
  if (action === 'connect') await connection.connect();
  else if (action === 'disconnect') await connection.disconnect();
  else if (action === 'cancel') {
    const meant = checkedId(id);
    const cancelled = await cancel(connection, meant, around);
    return { status: connection.status(), cancelled };
  }
  return { status: connection.status() };
}

function checkedId(id: unknown): string {
  if (typeof id === 'string' && id !== '') return id;
  const message = 'id: give the _msgid of the msg that the SMS came with, or the id of the SMS';
  throw new SmppError('SMPP_MESSAGE', message, { field: 'id' });
}

/** Whether some SMS that was meant still waited. */
async function cancel(
  own: Connection,
  meant: string,
  { connections, idsOf }: Surroundings,
): Promise<boolean> {
  const others = connections.filter((one) => one !== own);
  // What keeps another one from being asked is told at that one.
  const cancelOne = async (id: string): Promise<boolean> =>
    (await own.cancel(id)) ||
    (await Promise.all(others.map((one) => one.cancel(id).catch(no)))).includes(true);
  if (await cancelOne(meant)) return true;
  const ids = await Promise.all([
    idsOf(meant),
    own.recoveredIdsOf(meant),
    ...others.map((one) => one.recoveredIdsOf(meant).catch(none)),
  ]);
  return (await Promise.all(Array.from(new Set(ids.flat()), cancelOne))).includes(true);
}

function no(): false {
  return false;
}

function none(): [] {
  return [];
}
