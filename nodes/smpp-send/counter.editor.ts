/**
 * Shows what the text costs while it is typed: encoding, segments, characters left, and what forces UTF-16.
 *
 * A text that comes from the msg is known at run time only; then a text can be tried out, which is not saved.
 */
import { say } from '../shared/catalogue.editor.js';
import { countText, hasLink, type Count, type Foreign } from './count.editor.js';
import { isTyped, typedText } from './text.editor.js';

const TYPE = 'smpp-send';

/** Prepares the counter of an open form. */
export function prepareCounter(): void {
  const update = (): void => {
    $('#smpp-send-trial-row').toggle(!isTyped());
    const trial = $('#smpp-send-trial').val();
    show(isTyped() ? typedText() : typeof trial === 'string' ? trial : '');
  };
  $('#node-input-text').on('change', update);
  $('#smpp-send-fixed, #smpp-send-trial, #node-input-maxSegments').on('input', update);
  $('#node-input-encoding, #node-input-substitute, #node-input-longMessage').on('change', update);
  update();
}

function show(text: string): void {
  const count = countText(text, {
    encoding: String($('#node-input-encoding').val()),
    substitute: $('#node-input-substitute').prop('checked') === true,
    longMessage: String($('#node-input-longMessage').val()),
    maxSegments: String($('#node-input-maxSegments').val()),
  });
  const link = hasLink(text) ? say(TYPE, 'counter.link') : '';
  const lines = [headline(count), excess(count), ...details(count), link].filter((line) => line !== '');
  // Text nodes only: what is typed must never become markup.
  $('#smpp-send-counter')
    .empty()
    .append(lines.map((line) => $('<div>').text(line)))
    .toggle(lines.length > 0);
}

function headline(count: Count): string {
  if (count.kind === 'empty') return '';
  if (count.kind === 'refused') return say(TYPE, `counter.${count.reason}`);
  const { encoding, segments, left, max } = count;
  return say(TYPE, 'counter.plan', { encoding: say(TYPE, `counter.${encoding}`), segments, left, max });
}

function excess(count: Count): string {
  if (count.kind !== 'counted' || count.segmentsMax === undefined) return '';
  return say(TYPE, 'counter.tooMany', { max: count.segmentsMax });
}

function details(count: Count): string[] {
  if (count.kind === 'empty' || count.foreign.length === 0) return [];
  const list = count.foreign.map(describe).join(', ');
  if (count.kind === 'refused') return [say(TYPE, 'counter.lacks', { list })];
  const more = count.foreignCount - count.foreign.length;
  const end = more > 0 ? say(TYPE, 'counter.more', { count: more }) : '';
  return [say(TYPE, count.encoding === 'ucs2' ? 'counter.forced' : 'counter.replaced', { list }) + end];
}

function describe({ shown, place, replacement }: Foreign): string {
  const at = say(TYPE, 'counter.at', { shown, place });
  return replacement === undefined ? at : `${at} → ${replacement === '' ? '∅' : replacement}`;
}
