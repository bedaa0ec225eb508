import { Component } from 'weft-component';

const [CLASS, TENANT, SEEN] = [0x0100, 1, 2]; // of context headers: metadata class and types
const component = new Component();

// Sends packets of the tenant gold by another path, labels others, tells of those without a tenant.
component.onPacket((packet) => {
  const { nsh } = packet;
  if (nsh === null) return;
  const tenant = nsh.tlvs.find(CLASS, TENANT);
  if (tenant === null) {
    const told = component.newPacket(Buffer.from(`${'\0'.repeat(12)}\x88\xb5no tenant`, 'latin1'), 128, packet);
    if (told !== null) component.send(told);
  } else if (Buffer.from(tenant).equals(Buffer.from('gold'))) {
    Object.assign(nsh, { spi: 20, si: 255 });
  } else {
    nsh.tlvs.set(CLASS, SEEN, Buffer.from('yes'));
  }
});
component.run();
