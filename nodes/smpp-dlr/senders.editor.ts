/**
 * The list of smpp-send nodes whose receipts a smpp-dlr node wants, in its form.
 *
 * Node ids as a list, as the core Catch and Status nodes keep theirs; none chosen means all.
 */
import type { FormNode } from '../node-red-editor.js';
import { say } from '../shared/catalogue.editor.js';
import { readSenders } from './read-filter.js';

const TYPE = 'smpp-dlr';
const LIST = '#smpp-dlr-senders';

interface Sender {
  readonly id: string;
  readonly name: string;
}

/**
 * Shows every smpp-send node of the chosen connection, those ticked that the node has saved.
 *
 * What was saved and is none of them stays, and says why no receipt comes for it: without it the last one that is
 * deleted would make "all" of "that one alone".
 */
export function prepareSenders(node: FormNode): void {
  const saved = new Set(readSenders(node.from));
  const show = (): void => {
    const connection = $('#node-input-connection').val();
    const present = sendersOf(typeof connection === 'string' ? connection : '');
    const lost = [...saved].filter((id) => !present.some((sender) => sender.id === id));
    const senders = [...present, ...lost.map(lostSender)];
    $(LIST).empty();
    for (const { id, name } of senders) $(LIST).append(row(id, name, saved.has(id)));
    $('#smpp-dlr-senders-row').toggle(senders.length > 0);
  };
  $('#node-input-connection').on('change', show);
  show();
}

/** The ids that are ticked. */
export function chosenSenders(): readonly string[] {
  return $(`${LIST} input:checked`)
    .toArray()
    .map((input) => String($(input).val()));
}

function row(id: string, name: string, isChosen: boolean): JQuery {
  const input = $('<input type="checkbox">')
    .css({ width: 'auto', verticalAlign: 'baseline', marginRight: '6px' })
    .prop('checked', isChosen)
    .val(id);
  // A node's name is text that somebody wrote: it must never become markup.
  return $('<label>').css('width', 'auto').append(input, $('<span>').text(name));
}

function sendersOf(connection: string): Sender[] {
  const senders: Sender[] = [];
  RED.nodes.eachNode((node) => {
    if (node.type === 'smpp-send' && node.connection === connection)
      senders.push({ id: node.id, name: nameOf(node) });
    return true;
  });
  return senders;
}

function lostSender(id: string): Sender {
  const node = RED.nodes.node(id);
  if (node?.type !== 'smpp-send') return { id, name: say(TYPE, 'sender.gone', { name: id }) };
  return { id, name: say(TYPE, 'sender.elsewhere', { name: nameOf(node) }) };
}

function nameOf({ id, name = '' }: { readonly id: string; readonly name?: string }): string {
  return name === '' ? id : `${name} (${id})`;
}
