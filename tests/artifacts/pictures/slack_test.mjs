// What slack.mjs draws of a message, and that it leaves nothing out in silence.
import assert from 'node:assert/strict';
import test from 'node:test';

import { markdown, message } from './slack.mjs';

const NOON = 1795262400;  // 2026-11-21 12:00 UTC.
const section = (text) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const sent = (blocks) => ({ username: 'tocsin', attachments: [{ color: 'danger', fallback: 'f', blocks }] });

test('markup', () => {
  for (const [text, html] of [
    ['a\n*b* c', 'a<br><b>b</b> c'],
    ['&gt; 3 &amp; <https://e/?a=1&amp;b|x>', '&gt; 3 &amp; <a href="https://e/?a=1&amp;b">x</a>'],
    [`<!date^${NOON}^{date_short_pretty} {time}|f>`, '<span class="date">today 12:00 PM</span>'],
    [`<!date^${NOON - 86400}^{date_short_pretty}|f>`, '<span class="date">yesterday</span>'],
    [`<!date^${NOON - 864000}^{date_short_pretty}|f>`, '<span class="date">Nov 11, 2026</span>'],
    ['a_b_c=_ tocsin:10061 &lt;b&gt;', 'a_b_c=_ tocsin:10061 &lt;b&gt;'],
  ]) assert.equal(markdown(text, NOON), html);
});

test('blocks', () => {
  const html = message(sent([{ type: 'header', text: { type: 'plain_text', text: '<T>' } }, section('s'),
    { type: 'context', elements: [{ type: 'mrkdwn', text: 'and 3 more' }] }]), NOON);
  for (const part of ['<h3>&lt;T&gt;</h3>', '<p>s</p>', '<p class="context">and 3 more</p>', '#a30200']) {
    assert.ok(html.includes(part), html);
  }
});

test('what is not known is an error', () => {
  for (const [payload, error] of [
    [sent([{ type: 'divider' }]), 'unknown block: divider'],
    [sent([{ ...section('s'), accessory: {} }]), 'section: expected type, text, found accessory, text, type'],
    [sent([section(':bell:')]), 'unknown emoji :bell:'],
    [sent([section('<@U1>')]), 'unknown markup <@U1>'],
    [sent([section('an `a`.')]), 'unknown markup `a`'],
    [sent([section('<!date^1^{date_long}|f>')]), 'unknown format of a date: {date_long}'],
    [sent([{ type: 'section', text: { type: 'rich', text: '' } }]), 'unknown type of a text: rich'],
    [{ ...sent([]), text: 'x' }, 'a message: expected username, attachments, found attachments, text, username'],
  ]) assert.throws(() => message(payload, NOON), { message: error });
});
