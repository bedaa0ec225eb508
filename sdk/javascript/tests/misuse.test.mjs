import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Component } from './package.mjs';

const NAMES = "a letter or '_', then letters, digits and '_', 64 at most";
const TYPES = 'text, lines, unsigned, integer, real, bool, button, json, bytes';
const OPTIONS = 'reasons, spares, largeSpares, timestamps, spinUs, socket, name';
const read = () => '';
const handler = (name, options) => () => new Component().handler(name, options);

const MISUSES = [
  [() => new Component({ reason: 'x' }), `no option 'reason'; allowed: ${OPTIONS}`],
  [() => new Component({ reasons: 'x' }), "option 'reasons' is an array of at most 255 words"],
  [() => new Component({ reasons: ['No'] }), "'No' is no reason: 1 to 64 lower-case letters, digits and '-'"],
  [() => new Component({ reasons: ['a', 'a'] }), "option 'reasons' has a reason twice"],
  [() => new Component({ spares: 257 }), "option 'spares' is 257; allowed: 0 to 256"],
  [() => new Component({ largeSpares: '2' }), "option 'largeSpares' is 2; allowed: 0 to 16"],
  [() => new Component({ spinUs: -1 }), "option 'spinUs' is -1; allowed: 0 to 1000"],
  [handler('1a', { read }), `'1a' is no name of a handler: ${NAMES}`],
  [handler('a'.repeat(65), { read }), `'${'a'.repeat(65)}' is no name of a handler: ${NAMES}`],
  [handler('a', {}), "handler 'a' needs 'read', 'write' or 'call'"],
  [handler('a', { call: read, write: read }), "handler 'a' is a command: 'call' stands alone"],
  [handler('a', { write: read, parameter: true }), "handler 'a' has a 'parameter' but no 'read'"],
  [handler('a', { read: 7 }), "handler 'a': 'read' is not a function"],
  [handler('a', { reed: read }), "handler 'a': no option 'reed'; allowed: type, unit, help, limits, read, write, parameter, call"],
  [handler('a', { read, type: 'number' }), `handler 'a': no type 'number'; allowed: ${TYPES}`],
  [() => new Component().handler('a', { read }).handler('a', { read }), "handler 'a' is there already"],
  [() => new Component().run(), 'a component needs onPacket or onBatch before run()'],
  [() => new Component().onPacket(7), 'onPacket and onBatch take a function'],
  [() => new Component().onPacket(read).onBatch(read), 'a component has one onPacket or onBatch'],
  [() => new Component().onStop(), 'onStop takes a function'],
  [
    () => new Component().onPacket(async () => {}),
    'onPacket and onBatch take a function that is done when it returns: keep() packets to send them later',
  ],
  [() => new Component().send({}), 'send takes a packet of this component'],
  [() => new Component().newPacket(-1), '-1 is no number of bytes'],
];

for (const [misuse, message] of MISUSES) test(message, () => assert.throws(misuse, { message }));

test('the 257th handler is refused', () => {
  const component = new Component();
  for (let i = 0; i < 256; i++) component.handler(`h${i}`, { read });
  assert.throws(() => component.handler('more', { read }), {
    message: "handler 'more': there are 256 already, the most there can be",
  });
});

test('there is no new packet before the component is attached', () => {
  assert.equal(new Component().newPacket(60), null);
});
