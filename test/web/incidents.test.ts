// What a person sees of incidents, and how they answer.

import { describe, expect, it } from 'vitest';
import { momentsOf, stateOf } from '../../web/src/healing/story.ts';
import { ExampleHealing } from '../daemon/http/example-healing.ts';
import { inBrowser, site } from './visit.ts';

const { serve, visit } = site();

describe('the story of an incident', () => {
  const recovered = new ExampleHealing(1_000_000).incident('frozen-1').incident;

  it('goes from what was seen over what was done to what was learned', () => {
    expect(momentsOf(recovered).map(({ title, tone }) => [title, tone])).toEqual([
      ['Seen', 'warn'],
      ['Concluded', 'off'],
      ['Done: restart camera north', 'off'],
      ['Verified', 'good'],
      ['Ended', 'good'],
      ['Learned', 'off'],
    ]);
    expect(momentsOf(recovered)[3]?.text).toBe('It helped.');
    expect(stateOf(recovered)).toEqual({ tone: 'good', words: 'recovered after 4.0 s' });
  });

  it('tells of a repair that made it worse that it was taken back', () => {
    const [step] = recovered.steps;
    const worse = { ...recovered, steps: [{ ...step!, outcome: 'worse' as const, undone: true }] };
    expect(momentsOf(worse)[3]).toMatchObject({ tone: 'bad', text: 'It made things worse. It was taken back.' });
  });
});

inBrowser('the overview asks what the node asks, and takes the answer', async () => {
  const server = await serve();
  const { page, complaints, go } = await visit(server);
  await go('overview');
  await page.getByText('Camera yard was turned or moved; what is left may not be done without you.').waitFor();
  await page.getByRole('button', { name: 'Take the present view of camera yard for the right one' }).click();
  await page.getByText('Your answer was taken.').waitFor();
  expect(server.node.healed.answered).toEqual([
    { answer: { kind: 'approve', action: 'camera.accept-view' }, by: expect.any(String) },
  ]);
  await page.getByText('Camera north sends the same picture again and again: it hangs').click();
  await page.getByText('Camera north was closed and opened again.').waitFor();
  expect(complaints).toEqual([]);
});
