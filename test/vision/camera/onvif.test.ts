import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../daemon/clock.ts';
import { discoverCameras, probeMessage, readAnswer } from '../../../vision/camera/onvif.ts';

const answer = (id: string, scopes: string, types = 'dn:NetworkVideoTransmitter tds:Device') =>
  Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="t">
<SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch><wsa:EndpointReference><wsa:Address>urn:uuid:${id}</wsa:Address></wsa:EndpointReference>
<d:Types>${types}</d:Types><d:Scopes>${scopes}</d:Scopes>
<d:XAddrs>http://192.168.1.20/onvif/device_service ftp://nonsense</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>`);
const SCOPES =
  'onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/Front%20door onvif://www.onvif.org/hardware/DS-2CD onvif://www.onvif.org/location/yard';

describe('an ONVIF answer', () => {
  it('names the camera, its make and its services', () => {
    expect([...readAnswer(answer('1', SCOPES), '192.168.1.20').values()]).toEqual([
      {
        host: '192.168.1.20',
        name: 'Front door',
        hardware: 'DS-2CD',
        location: 'yard',
        services: ['http://192.168.1.20/onvif/device_service'],
      },
    ]);
  });

  it('is none where it is of a printer, no XML, a bomb of entities, or too large', () => {
    expect(readAnswer(answer('1', 'ldap:///printers', 'wsdp:Device wprt:PrintDeviceType'), 'h').size).toBe(0);
    expect(readAnswer(Buffer.from('<a><b></a>'), 'h').size).toBe(0);
    const bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>';
    expect(readAnswer(Buffer.from(bomb), 'h').size).toBe(0);
    expect(readAnswer(Buffer.alloc(40_000, 0x20), 'h').size).toBe(0);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void readAnswer(bytes, 'h')));
  });

  it('cannot bring commands for the terminal', () => {
    const [camera] = readAnswer(answer('1', 'onvif://www.onvif.org/name/a%1b%5b31mb'), 'h').values();
    expect(camera?.name).toBe('a[31mb');
  });
});

describe('discovery', () => {
  it('lists each camera that answers once', async () => {
    const device = createSocket('udp4');
    onTestFinished(() => void device.close());
    device.bind(0, '127.0.0.1');
    await once(device, 'listening');
    const asked: string[] = [];
    device.on('message', (question, from) => {
      asked.push(question.toString());
      for (const id of ['1', '2', '2']) device.send(answer(id, SCOPES), from.port, from.address);
      device.send('garbage', from.port, from.address);
    });
    const to = { address: '127.0.0.1', port: device.address().port };
    const signal = new AbortController().signal;
    const found = await discoverCameras({
      clock: systemClock,
      signal,
      messageId: 'm',
      patience: 300,
      from: ['127.0.0.1'],
      to,
    });
    expect(found.map(({ host, name }) => [host, name])).toEqual([
      ['127.0.0.1', 'Front door'],
      ['127.0.0.1', 'Front door'],
    ]);
    expect(asked).toEqual([probeMessage('m'), probeMessage('m')]);
  });

  it('says why where no network can be asked', async () => {
    const signal = new AbortController().signal;
    const question = discoverCameras({
      clock: systemClock,
      signal,
      messageId: 'm',
      patience: 1,
      from: ['203.0.113.7'],
    });
    await expect(question).rejects.toMatchObject({ code: 'DISCOVERY_FAILED' });
  });
});
