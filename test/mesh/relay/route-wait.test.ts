// Patience with a way that is gone for a moment.

import { expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { RouteWait } from '../../../mesh/relay/route-wait.ts';

function waiting() {
  const clock = new VirtualClock();
  const routes = new Set<string>();
  const wait = new RouteWait({ hasRoute: (destination) => routes.has(destination), clock });
  const ended: string[] = [];
  const until = (destination: string): void =>
    void wait.until(destination, 2000).then(() => ended.push(`${destination} ${clock.now()}`));
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { clock, routes, wait, ended, until, turn };
}

it('ends as soon as there is a way, for those alone who wait for it', async () => {
  const { clock, routes, wait, ended, until, turn } = waiting();
  routes.add('near');
  for (const destination of ['near', 'far', 'lost']) until(destination);
  await turn();
  expect(ended).toEqual(['near 0']);
  clock.advance(300);
  routes.add('far');
  wait.routesChanged();
  await turn();
  expect(ended).toEqual(['near 0', 'far 300']);
  clock.advance(5000);
  await turn();
  expect(ended).toHaveLength(3);
});

it('ends with the node, and takes no more than it can hold', async () => {
  const { wait, ended, until, turn } = waiting();
  for (let at = 0; at < 257; at++) until(`n${at}`);
  await turn();
  expect(ended).toEqual(['n256 0']);
  wait.stop();
  await turn();
  expect(ended).toHaveLength(257);
});
