// Settings of the mesh.

import { type Static, Type } from 'typebox';

export const MeshConfig = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'Join peers at all. Off leaves a node that only watches itself.',
    }),
    listen: Type.Array(Type.String(), {
      default: ['/ip4/0.0.0.0/tcp/7421'],
      maxItems: 16,
      description:
        'libp2p multiaddresses to listen on. Port 0 takes any free port. When the default port is taken, a free one is used.',
    }),
    announce: Type.Array(Type.String(), {
      default: [],
      maxItems: 16,
      description: 'Multiaddresses to tell others instead of the listening ones, e.g. behind a forwarded port.',
    }),
    bootstrap: Type.Array(Type.String(), {
      default: [],
      maxItems: 64,
      description:
        'Multiaddresses of peers to dial at start and, with back-off, for ever. Peers seen before are remembered without this.',
    }),
    mdns: Type.Boolean({
      default: true,
      description: 'Find peers of the same network on the local network by multicast DNS.',
    }),
    mqttTransport: Type.Boolean({
      default: true,
      description:
        'Carry the mesh’s gossip over the broker of `mqtt.url` too, for boards that reach only a broker. Needs an external broker.',
    }),
    preset: Type.Union([Type.Literal('wired'), Type.Literal('wifi'), Type.Literal('sparse'), Type.Literal('battery')], {
      default: 'wifi',
      description:
        'Intervals that suit the medium. A silent failure is seen after three probes: `wired` 50 ms, `wifi` 100 ms, `sparse` 1 s, `battery` 5 s. Where UDP is blocked, probes go over the connection every 1, 2, 5 or 15 s.',
    }),
    probe: Type.Object(
      {
        port: Type.Integer({
          default: 0,
          minimum: 0,
          maximum: 65535,
          description:
            'UDP port of the link probes. 0 takes the number of the TCP port of `mesh.listen`, or any free one when that is taken. A firewall that blocks it makes failures be seen later, nothing else.',
        }),
        interval: Type.Optional(
          Type.Integer({
            minimum: 10,
            maximum: 60_000,
            description:
              'Milliseconds between link probes, instead of the preset’s. Two nodes use the longer of theirs. Halving it halves the time in which a dead link is seen, and doubles the probe traffic (60 bytes a probe and peer, about 100 with headers).',
          }),
        ),
        detectMultiplier: Type.Optional(
          Type.Number({
            minimum: 2,
            maximum: 20,
            description:
              'Intervals of silence that make a link down, instead of the preset’s: 2.5 wired, 3 else. Lower sees failures sooner and mistakes more lost packets for one.',
          }),
        ),
      },
      { additionalProperties: false, default: {}, description: 'Link probes over UDP.' },
    ),
    area: Type.String({
      default: 'main',
      pattern: '^[a-z0-9][a-z0-9-]{0,31}$',
      description:
        'The part of a network of more than a thousand nodes that this node is in. Link states flood inside of an area only; nodes with a link into another area tell it which nodes they reach. Nodes that are close to each other should have the same area, and two areas two links or more between them. A smaller network needs none.',
    }),
    autoDial: Type.Boolean({
      default: true,
      description:
        'Connect to every member whose address is known, up to `maxPeers`: the fullest and fastest mesh on one network. Off connects only to `bootstrap`, remembered and mDNS peers.',
    }),
    enrolPort: Type.Integer({
      default: 7422,
      minimum: 0,
      maximum: 65535,
      description:
        'TCP port on which new boards join, open only while an invite is open. 0 takes any free port; so does a taken one.',
    }),
    keyOverlapDays: Type.Integer({
      default: 30,
      minimum: 1,
      maximum: 365,
      description:
        'Days for which the network key before the newest still lets members in that were away when it was changed (`parlmesh network rotate-key`, on the node with the authority). It ends at once when all members have the newest. Members that are away for longer need a new invite; a removed node that held on to the old key reaches the first message of a connection for as long, and is refused there.',
    }),
    plan: Type.Object(
      {
        apply: Type.Union([Type.Literal('off'), Type.Literal('asked'), Type.Literal('auto')], {
          default: 'off',
          description:
            'Whether this node lets a plan of the network raise the costs of its links above what is measured, fourfold at most. `off`: never. `asked`: when somebody puts one into force (`parlmesh routes plan --apply`, on the node with the authority). `auto`: there also unasked, when it would take a fifth off the busiest link.',
        }),
        linkSpeed: Type.Optional(
          Type.Number({
            minimum: 0.001,
            maximum: 1_000_000,
            description:
              'Mbit/s that a link of this node bears, for plans: a slow radio is then full sooner than a cable. Left out everywhere, all links count the same.',
          }),
        ),
      },
      { additionalProperties: false, default: {}, description: 'Plans of the whole network.' },
    ),
    forward: Type.Object(
      {
        allow: Type.Array(Type.String({ pattern: '^[^\\s]+:[0-9]{1,5}$', maxLength: 256 }), {
          default: [],
          maxItems: 64,
          description:
            'Where other nodes may connect through this one with `parlmesh forward`, as `host:port` seen from here, e.g. `127.0.0.1:22`. Every member of the network may use them. None by default.',
        }),
      },
      { additionalProperties: false, default: {}, description: 'TCP connections for other nodes.' },
    ),
    kernelRoutes: Type.Object(
      {
        enabled: Type.Boolean({
          default: false,
          description:
            'Write the mesh’s routes into the kernel, so that every program’s packets take them. Needs the capability CAP_NET_ADMIN and the program `ip`; for boards joined by cables or ad-hoc radio, where neighbours share a network.',
        }),
        prefixes: Type.Array(Type.String({ pattern: '^[0-9a-fA-F.:]{2,45}/[0-9]{1,3}$' }), {
          default: [],
          maxItems: 16,
          description:
            'Ranges of addresses that routes are written for, e.g. `10.55.0.0/16`: this node tells its own addresses within them, and believes others’ claims of single addresses within them. Nothing is routed without one.',
        }),
        table: Type.Integer({
          default: 7421,
          minimum: 1,
          maximum: 0x7fffffff,
          description: 'Number of the kernel’s routing table that is for this alone; looked up before the main one.',
        }),
        protocol: Type.Integer({
          default: 142,
          minimum: 5,
          maximum: 255,
          description:
            'Number by which this node’s routes and rules are known and removed. No other routing program may use it.',
        }),
      },
      { additionalProperties: false, default: {}, description: 'The mesh’s routes for all programs.' },
    ),
    maxPeers: Type.Integer({
      default: 64,
      minimum: 1,
      maximum: 1024,
      description: 'Connections held at most; each costs about 200 kB of memory.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'Peers, links and routes.' },
);
export type MeshConfig = Static<typeof MeshConfig>;
