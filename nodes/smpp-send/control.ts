/**
 * `msg.action`: what a flow may do to its connection instead of sending.
 *
 * Source: contract section 3.2; as core MQTT nodes do.
 */
import { SmppError } from '../../lib/errors.js';
import type { GatewayStatus } from '../../lib/message.js';
import type { Connection } from '../shared/connection.js';
import { recoveredIdsOf } from './recovered-ids.js';

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

/**
 * Does it.
 *
 * @param id for `cancel`: of the SMS, or of the msg that it came with
 * @param idsOf from the latter to the former, of what still waits for its result
 * @throws SMPP_MESSAGE when `cancel` names no SMS, and what the connection throws
 */
export async function control(
  connection: Connection,
  action: Action,
  id: unknown,
  idsOf: (messageId: string) => Promise<readonly string[]>,
): Promise<ControlResult> {
  if (action === 'connect') await connection.connect();
  else if (action === 'disconnect') await connection.disconnect();
  else if (action === 'cancel') {
    const meant = checkedId(id);
    const cancelled = (await connection.cancel(meant)) || (await cancelMessage(connection, meant, idsOf));
    return { status: connection.status(), cancelled };
  }
  return { status: connection.status() };
}

function checkedId(id: unknown): string {
  if (typeof id === 'string' && id !== '') return id;
  const message = 'id: give the _msgid of the msg that the SMS came with, or the id of the SMS';
  throw new SmppError('SMPP_MESSAGE', message, { field: 'id' });
}

/** Whether some SMS that came with the msg still waited. */
async function cancelMessage(
  connection: Connection,
  messageId: string,
  idsOf: (messageId: string) => Promise<readonly string[]>,
): Promise<boolean> {
  const gateway = connection.running;
  const recovered = gateway === undefined ? [] : await recoveredIdsOf(gateway, messageId);
  const ids = new Set([...(await idsOf(messageId)), ...recovered]);
  const cancelled = await Promise.all(Array.from(ids, (id) => connection.cancel(id)));
  return cancelled.includes(true);
}
