import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { METADATA, TYPES, entriesOf, packetOf } from './package.mjs';

const folder = process.env.WEFT_VECTORS ?? join(import.meta.dirname, '../../contract/vectors');
const vectors = (name) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8').replace(/: (\d{16,})/g, ': "$1"'));

for (const { what, fields, bytes } of vectors('metadata')) {
  const record = Buffer.from(bytes, 'hex');
  const context = Buffer.from(fields.context, 'hex');

  test(`a record is read: ${what}`, () => {
    const entries = entriesOf(new Uint8Array(60), new Uint8Array(60));
    entries.contexts.set(record, 64);
    entries.flags[1] = METADATA;
    const packet = packetOf(entries, 1);
    assert.deepEqual([packet.mark, packet.timestamp], [fields.mark, BigInt(fields.timestamp)]);
    const { nsh } = packet;
    if (fields.nsh === 0) return assert.equal(nsh, null);
    assert.deepEqual([nsh.type, nsh.spi, nsh.si], [fields.nsh, fields.spi, fields.si]);
    assert.deepEqual(Buffer.from(nsh.context), context);
  });

  test(`a record is written: ${what}`, () => {
    const entries = entriesOf(new Uint8Array(60));
    const packet = packetOf(entries);
    packet.mark = fields.mark;
    packet.timestamp = BigInt(fields.timestamp);
    entries.contexts[9] = fields.nsh; // the engine's to set
    if (fields.nsh !== 0) Object.assign(packet.nsh, { spi: fields.spi, si: fields.si });
    packet.nsh?.context.set(context);
    assert.equal(Buffer.from(entries.contexts).toString('hex'), bytes);
  });
}

test('types of values have the numbers of the contract', () => {
  const names = ['text', 'lines', 'unsigned', 'integer', 'real', 'bool', 'button', 'json', 'bytes'];
  assert.deepEqual(
    TYPES.map(({ name }) => name),
    names,
  );
  for (const { fields } of vectors('handler')) assert.ok(fields.value < TYPES.length);
});

test('a path or an index out of range is refused', () => {
  const entries = entriesOf(new Uint8Array(60));
  entries.flags[0] = METADATA;
  entries.contexts[9] = 1;
  const { nsh } = packetOf(entries);
  for (const si of [-1, 256, NaN]) assert.throws(() => Object.assign(nsh, { si }), { message: `service index ${si}: 0 to 255` });
  for (const spi of [-1, 2 ** 24]) assert.throws(() => Object.assign(nsh, { spi }), { message: `service path ${spi}: 0 to 16777215` });
});
