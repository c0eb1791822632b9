/**
 * The list of smpp-send nodes whose receipts a smpp-dlr node wants, in its form.
 *
 * Node ids as a list, as the core Catch and Status nodes keep theirs; none chosen means all.
 */
import type { FormNode } from '../node-red-editor.js';
import { readSenders } from './read-filter.js';

const LIST = '#smpp-dlr-senders';

/** Shows every smpp-send node of the chosen connection, those ticked that the node has saved. */
export function prepareSenders(node: FormNode): void {
  const saved = new Set(readSenders(node.from));
  const show = (): void => {
    const connection = $('#node-input-connection').val();
    const senders = sendersOf(typeof connection === 'string' ? connection : '');
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

function sendersOf(connection: string): { id: string; name: string }[] {
  const senders: { id: string; name: string }[] = [];
  RED.nodes.eachNode((node) => {
    if (node.type === 'smpp-send' && node.connection === connection) {
      const isNamed = node.name !== undefined && node.name !== '';
      senders.push({ id: node.id, name: isNamed ? `${node.name} (${node.id})` : node.id });
    }
    return true;
  });
  return senders;
}
