// Counts flows, and tells which are the largest. The one that was opened first is forgotten when there are too many.

import { Component } from 'weft-component';

const NAMES = { 1: 'icmp', 6: 'tcp', 17: 'udp' };
const flows = new Map();
const component = new Component();
let most = 4096;
let opened = 0;

function top(count) {
  const wanted = Number(count || 5);
  if (!Number.isInteger(wanted) || wanted < 1) throw new Error(`'${count}' is no number of flows, 1 or more`);
  return [...flows.values()].sort((a, b) => b.bytes - a.bytes).slice(0, wanted);
}

function address(packet, at) {
  return Array.from({ length: 4 }, (_, i) => packet.getUint8(at + i)).join('.');
}

function describe(packet, protocol, key) {
  const from = address(packet, 26);
  const to = address(packet, 30);
  const name = NAMES[protocol] ?? String(protocol);
  const ports = key & 0xffffffffn;
  if (ports === 0n) return `${name} ${from} > ${to}`;
  return `${name} ${from}:${ports >> 16n} > ${to}:${ports & 0xffffn}`;
}

/** Addresses, protocol and ports in one number; later fragments and protocols without ports have ports 0. */
function keyOf(packet, protocol) {
  const ports = 14 + (packet.getUint8(14) & 15) * 4;
  const ported = (protocol === 6 || protocol === 17) && (packet.getUint16(20) & 0x1fff) === 0;
  const last = ported && packet.length >= ports + 4 ? packet.getUint32(ports) : 0;
  const addresses = (BigInt(packet.getUint32(26)) << 32n) | BigInt(packet.getUint32(30));
  return (((addresses << 8n) | BigInt(protocol)) << 32n) | BigInt(last);
}

function shrink(size) {
  while (flows.size > size) flows.delete(flows.keys().next().value);
}

function forget(text) {
  const before = flows.size;
  for (const [key, { flow }] of flows) if (flow.includes(text)) flows.delete(key);
  return before - flows.size;
}

function open(packet, protocol, key) {
  shrink(most - 1);
  const flow = { flow: describe(packet, protocol, key), packets: 0, bytes: 0 };
  flows.set(key, flow);
  opened += 1;
  return flow;
}

component.onPacket((packet) => {
  packet.output = packet.input;
  if (packet.length < 34 || packet.getUint16(12) !== 0x0800) return;
  const protocol = packet.getUint8(23);
  const key = keyOf(packet, protocol);
  const flow = flows.get(key) ?? open(packet, protocol, key);
  flow.packets += 1;
  flow.bytes += packet.length;
});

component
  .handler('opened', { type: 'unsigned', unit: 'flows', help: 'flows seen, one for each direction', read: () => opened })
  .handler('most', {
    type: 'unsigned',
    unit: 'flows',
    limits: '1..65536',
    help: 'flows remembered at most',
    read: () => most,
    write: (value) => shrink((most = value)),
  })
  .handler('forget', {
    type: 'unsigned',
    unit: 'flows',
    limits: '..100 bytes',
    help: 'forgets flows in whose text the argument stands; how many',
    call: forget,
  })
  .handler('top', {
    type: 'json',
    help: 'the flows with the most bytes, five of them unless told',
    parameter: true,
    read: top,
  });
component.run();
