import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Handlers, JsonText } from './package.mjs';

// What the engine hears of a call: an error, or the value as text (bytes: as a Buffer).
function call(options, { write = false, value = '' } = {}) {
  const handlers = new Handlers();
  handlers.add('h', options);
  return new Promise((answer) => handlers.call(0, write, value, (failed, said) => answer({ failed, said })));
}

const read = (type, value) => call({ type, read: () => value });

async function written(type, value) {
  let got;
  const answer = await call({ type, write: (...given) => (got = given) }, { write: true, value });
  assert.deepEqual(answer, { failed: false, said: '' });
  return got;
}

const READ = {
  text: [['', ''], ['Grüße\n', 'Grüße\n']],
  lines: [['a\nb', 'a\nb'], [['a', 'b'], 'a\nb\n'], [[], '']],
  unsigned: [[0, '0'], [-0, '0'], [2 ** 53 - 1, '9007199254740991'], [2n ** 64n - 1n, '18446744073709551615']],
  integer: [[-7, '-7'], [-(2n ** 63n), '-9223372036854775808'], [2n ** 63n - 1n, '9223372036854775807']],
  real: [[0.5, '0.5'], [-1e300, '-1e+300'], [0.1 + 0.2, '0.30000000000000004']],
  bool: [[true, 'true'], [false, 'false']],
  json: [[{ a: [1, 2] }, '{"a":[1,2]}'], [null, 'null'], ['x', '"x"'], [new JsonText('{"a": [1, 2]}'), '{"a": [1, 2]}']],
  bytes: [[Uint8Array.of(0, 255), Buffer.of(0, 255)], [new Uint8Array(8).buffer, Buffer.alloc(8)]],
};

for (const [type, values] of Object.entries(READ)) {
  test(`${type} is read`, async () => {
    for (const [value, said] of values) assert.deepEqual(await read(type, value), { failed: false, said });
  });
}

const REFUSED = {
  text: [[7, '7'], [undefined, 'undefined'], [null, 'an object']],
  lines: [[[1], 'an object']],
  unsigned: [[-1, '-1'], [2n ** 64n, '18446744073709551616'], [0.5, '0.5'], [2 ** 53, '9007199254740992'], ['7', "'7'"]],
  integer: [[2n ** 63n, '9223372036854775808'], [NaN, 'NaN']],
  real: [[Infinity, 'Infinity'], [1n, '1']],
  bool: [[1, '1']],
  json: [[undefined, 'undefined']],
  bytes: [['x', "'x'"]],
};

for (const [type, values] of Object.entries(REFUSED)) {
  test(`what is no ${type} is not given out`, async () => {
    for (const [value, shown] of values) {
      const { failed, said } = await read(type, value);
      assert.equal(failed, true);
      assert.ok(said.startsWith(`handler 'h' gave ${shown}; of type ${type} is `), said);
    }
  });
}

test('what is written comes as a value of its type, and as it was written', async () => {
  assert.deepEqual(await written('text', 'a'), ['a', 'a']);
  assert.deepEqual(await written('unsigned', '007'), [7, '007']);
  assert.deepEqual(await written('unsigned', '18446744073709551615'), [2n ** 64n - 1n, '18446744073709551615']);
  assert.deepEqual(await written('integer', '-9007199254740993'), [-9007199254740993n, '-9007199254740993']);
  assert.deepEqual(await written('real', '.5e1'), [5, '.5e1']);
  assert.deepEqual(await written('bool', 'true'), [true, 'true']);
  assert.deepEqual(await written('bool', 'false'), [false, 'false']);
  assert.deepEqual(await written('button', ''), [undefined, '']);
  assert.deepEqual(await written('json', '[null]'), [[null], '[null]']);
  assert.deepEqual(await written('bytes', Buffer.of(255)), [Buffer.of(255), Buffer.of(255)]);
});

test('a promise answers later', async () => {
  assert.deepEqual(await call({ read: async () => 'later' }), { failed: false, said: 'later' });
  assert.deepEqual(await call({ read: () => Promise.reject(new Error('no')) }), { failed: true, said: 'no' });
});

test('a command is called with its argument, and gives a result or none', async () => {
  assert.deepEqual(await call({ type: 'unsigned', call: (name) => name.length }, { value: 'abc' }), { failed: false, said: '3' });
  assert.deepEqual(await call({ call: async (name) => `hello ${name}` }, { value: 'x' }), { failed: false, said: 'hello x' });
  assert.deepEqual(await call({ type: 'button', call: () => 7 }), { failed: false, said: '' });
});

test('what is thrown is the answer', async () => {
  const thrown = (error) =>
    call({
      read: () => {
        throw error;
      },
    });
  assert.deepEqual(await thrown(new Error('failed')), { failed: true, said: 'failed' });
  assert.deepEqual(await thrown('bare'), { failed: true, said: 'bare' });
  const outcome = await call({ type: 'json', read: () => ({ toJSON: () => 1n }) });
  assert.deepEqual(outcome, { failed: true, said: 'Do not know how to serialize a BigInt' });
});

test('JsonText takes JSON only', () => {
  assert.throws(() => new JsonText('{'), SyntaxError);
});
