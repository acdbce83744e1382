import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SwarmChannel } from '../../../agents/swarm/channel.ts';
import * as messages from '../../../agents/swarm/messages.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { seededRandom } from '../../../core/random.ts';
import { Exchange } from '../exchange.ts';
import { VirtualSwarm } from './virtual-swarm.ts';

const SERVICES = Object.values(messages).flatMap((value: object) =>
  'service' in value && typeof value.service === 'string' ? [value.service] : [],
);

describe('What nodes say to each other about jobs', { timeout: 60_000 }, () => {
  it('is refused and counted when it is not as it should be, whatever it is', async () => {
    const swarm = new VirtualSwarm();
    const node = await swarm.start('a');
    const stranger = swarm.exchange.join('b');
    await swarm.pass(10);
    const garbage = fc.sample(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.json().map((text) => Buffer.from(text)),
        fc.jsonValue().map((q) => Buffer.from(JSON.stringify({ v: 1, q }))),
      ),
      { numRuns: 20, seed: 1 },
    );
    let refused = 0;
    for (const service of SERVICES) {
      for (const payload of [...garbage, Buffer.from('{"v":99,"q":{"jobs":[]}}')]) {
        await swarm.settled(stranger.request('a', service, payload)).catch(() => refused++);
      }
    }
    expect(refused).toBe(SERVICES.length * (garbage.length + 1));
    expect(node.swarm.figures().refused).toEqual({ 'question-invalid': refused });
  });

  it('goes by a stream when it is too long for one message, both ways', async () => {
    const clock = new VirtualClock();
    const exchange = new Exchange({ clock, random: seededRandom(1) });
    const [a, b] = [new SwarmChannel(exchange.join('a')), new SwarmChannel(exchange.join('b'))];
    const long = 'x'.repeat(200_000);
    b.handle(messages.handOver, () => ({}));
    b.handle(messages.inquire, (_, { jobs }) => ({
      known: jobs.map((job) => ({ job, epoch: 1, home: 'h'.repeat(100), entries: 1, ended: false, isHome: false })),
    }));
    clock.advance(1);
    const advancing = setInterval(() => clock.advance(1), 1);
    try {
      await expect(a.ask('b', messages.handOver, { job: 'j', entries: [{ number: 1, event: long }] })).resolves.toEqual(
        {},
      );
      const jobs = Array.from({ length: 1000 }, (_, index) => `job-${index}`);
      expect((await a.ask('b', messages.inquire, { jobs })).known).toHaveLength(1000);
    } finally {
      clearInterval(advancing);
    }
  });
});
