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
    assert.deepEqual([nsh.ttl, nsh.oam, nsh.nextProtocol], [fields.ttl, fields.oam === 1, fields.next_protocol]);
    assert.equal(nsh.tlvs.bytes.length, fields.tlvs);
  });

  test(`a record is written: ${what}`, () => {
    const entries = entriesOf(new Uint8Array(60));
    const packet = packetOf(entries);
    packet.mark = fields.mark;
    packet.timestamp = BigInt(fields.timestamp);
    entries.contexts[9] = fields.nsh; // the engine's to set, as are these
    entries.contexts.set([fields.ttl, fields.oam, fields.next_protocol], 12);
    if (fields.nsh !== 0) Object.assign(packet.nsh, { spi: fields.spi, si: fields.si });
    packet.nsh?.context.set(context);
    if (fields.tlvs > 0) packet.nsh.tlvs.bytes = new Uint8Array(fields.tlvs);
    assert.equal(Buffer.from(entries.contexts).toString('hex'), bytes);
  });
}

function tlvsOf(type) {
  const entries = entriesOf(new Uint8Array(60), new Uint8Array(60));
  entries.flags[1] = METADATA;
  entries.contexts[64 + 9] = type;
  return packetOf(entries, 1).nsh.tlvs;
}

for (const { what, fields, bytes } of vectors('tlvs')) {
  test(`context headers are read and written: ${what}`, () => {
    const tlvs = tlvsOf(2);
    tlvs.bytes = Buffer.from(bytes, 'hex');
    const found = tlvs.list();
    assert.deepEqual(found.map((tlv) => ({ ...tlv, value: Buffer.from(tlv.value).toString('hex') })), fields.tlvs);
    tlvs.bytes = new Uint8Array(0);
    for (const tlv of found) tlvs.add(tlv);
    assert.equal(Buffer.from(tlvs.bytes).toString('hex'), bytes);
  });
}

test('context headers are found, replaced, added and removed', () => {
  const tlvs = tlvsOf(2);
  tlvs.bytes = Buffer.from('0001028109000000000304000005060100000000', 'hex');
  tlvs.set(1, 2, Uint8Array.of(1, 2, 3, 4, 5));
  tlvs.set(7, 8, new Uint8Array(0));
  assert.equal(Buffer.from(tlvs.bytes).toString('hex'), '00010285010203040500000000030400000506010000000000070800');
  assert.deepEqual([tlvs.remove(3, 4), tlvs.remove(3, 4), tlvs.length], [1, 0, 3]);
  assert.deepEqual([tlvs.find(5, 6), tlvs.find(3, 4)], [Uint8Array.of(0), null]);
});

test('context headers that cannot be are refused', () => {
  const tlvs = tlvsOf(2);
  const value = new Uint8Array(127);
  tlvs.add({ class: 1, type: 1, value });
  assert.throws(() => tlvs.add({ class: 1, type: 1, value }), { message: '264 bytes of context headers; at most 244 are possible' });
  assert.throws(() => tlvs.add({ class: 1, type: 1, value: new Uint8Array(128) }), { message: 'the length of a context header is 0 to 127, not 128' });
  assert.throws(() => tlvs.add({ class: 65536, type: 1 }), { message: 'the class of a context header is 0 to 65535, not 65536' });
  assert.throws(() => tlvs.add({ class: 1, type: -1 }), { message: 'the type of a context header is 0 to 255, not -1' });
  assert.equal(tlvs.length, 1);
  assert.throws(() => tlvsOf(1).set(1, 1, value), { message: 'an NSH of MD type 2 has context headers, not one of type 1' });
  assert.deepEqual(tlvsOf(1).list(), []);
});

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
