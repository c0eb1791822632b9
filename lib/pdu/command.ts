/**
 * Names and ids of the commands that the codec reads and writes; the ids are those of the npm package `smpp`.
 *
 * Every other command, known to SMPP or not, is an `UnknownRequest` to us.
 * Source: SMPP 3.4 §5.1.2.1; gateway.md: message types.
 */
import { commands } from 'smpp';

import type { Pdu } from './pdu.js';

export type CommandName = Exclude<Pdu['command'], 'unknown'>;

export const COMMAND_ID: Readonly<Record<CommandName, number>> = {
  bind_receiver: commands.bind_receiver.id,
  bind_transmitter: commands.bind_transmitter.id,
  bind_transceiver: commands.bind_transceiver.id,
  bind_receiver_resp: commands.bind_receiver_resp.id,
  bind_transmitter_resp: commands.bind_transmitter_resp.id,
  bind_transceiver_resp: commands.bind_transceiver_resp.id,
  submit_sm: commands.submit_sm.id,
  submit_sm_resp: commands.submit_sm_resp.id,
  deliver_sm: commands.deliver_sm.id,
  deliver_sm_resp: commands.deliver_sm_resp.id,
  enquire_link: commands.enquire_link.id,
  enquire_link_resp: commands.enquire_link_resp.id,
  unbind: commands.unbind.id,
  unbind_resp: commands.unbind_resp.id,
  generic_nack: commands.generic_nack.id,
};

const NAMES: ReadonlyMap<number, CommandName> = new Map(
  Object.entries(COMMAND_ID).map(([name, id]) => [id, name as CommandName]),
);

/** The command with this id, or undefined when it is none of ours. */
export function commandName(command_id: number): CommandName | undefined {
  return NAMES.get(command_id);
}

/** Bit 31 of a command_id marks a response (SMPP 3.4 §5.1.2). */
const RESPONSE_BIT = 0x8000_0000;

/** Whether a command_id, known or not, is that of a response. */
export function isResponseId(command_id: number): boolean {
  return command_id >= RESPONSE_BIT;
}
