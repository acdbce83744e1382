// A process with one prober, told by its parent whom to probe. Falls silent when it is told to.

import { create } from '@bufbuild/protobuf';
import { silentLogger } from '../../core/logger.ts';
import { systemClock } from '../../daemon/clock.ts';
import { linkTiming } from '../../mesh/link/presets.ts';
import { Prober } from '../../mesh/link/prober.ts';
import { ProbeOfferSchema } from '../../mesh/wire/generated/parlmesh_pb.ts';
import type { Offer, PeerCommand, Preset } from './messages.ts';

const [self = '', preset = 'wired'] = process.argv.slice(2);
const prober = new Prober({
  self,
  timing: linkTiming({ preset: preset as Preset }),
  listen: ['/ip4/127.0.0.1/tcp/0'],
  port: 0,
  clock: systemClock,
  logger: silentLogger,
  send: (_peer, { kind }) => {
    if (kind.case !== 'probeOffer') return false;
    const offer: Offer = { ...kind.value, share: Buffer.from(kind.value.share).toString('base64') };
    process.send?.(offer);
    return true;
  },
  changed: () => {},
});
prober.start([]);
prober.add('parent', '/ip4/127.0.0.1/tcp/1');
process.on('message', (command: PeerCommand) => {
  if (command === 'stop') void prober.stop().then(() => process.exit());
  else prober.hear('parent', create(ProbeOfferSchema, { ...command, share: Buffer.from(command.share, 'base64') }));
});
