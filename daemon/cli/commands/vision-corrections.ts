// `parlmesh vision corrections|places|teach`: what the running node concluded from what it sees, and how places look.

import type { EpisodeView, PlacesView } from '../../view/correction-schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { ago } from '../format.ts';
import { table } from '../table.ts';

export function registerVisionCorrections(vision: CliCommand, cli: Cli): void {
  const corrections = vision
    .command('corrections')
    .summary('faults that cameras helped to find, and what was done')
    .description(
      'Lists what the running node saw, what it concluded from that and from what the mesh and the agents said, what it did, and what came of it; newest first.',
    )
    .common()
    .example('vision corrections', 'what was wrong, and is it over?')
    .action(async (options: CommonOptions) => {
      const episodes = await cli.client(options).list<EpisodeView>('vision/corrections');
      cli.show(options, episodes, (rows) => rows.map(inWords).join('\n\n') || 'Nothing was to be corrected so far.');
    });
  corrections
    .command('choose')
    .argument('<id>', 'the correction, as `parlmesh vision corrections` shows it')
    .argument('[offer]', 'number of the way, from 1', '1')
    .summary('take one of the ways that an operator is offered')
    .description(
      'Does what was offered with a question to an operator, such as to take the new view of a camera for the right one.',
    )
    .common()
    .example('vision corrections choose mh2k-4x1', 'the camera was moved on purpose')
    .action(async (id: string, offer: string, options: CommonOptions) => {
      const path = `vision/corrections/${encodeURIComponent(id)}/offers/${Number(offer) - 1}`;
      const answer = await cli.client(options).post<{ done: string }>(path, undefined);
      cli.show(options, answer, ({ done }) => done);
    });
  vision
    .command('places')
    .summary('lamps, displays and doors that cameras of the running node watch')
    .description(
      'Lists the places that are named under `places` of the cameras, with what they show and whether that is well.',
    )
    .common()
    .example('vision places', 'is the door closed?')
    .action(async (options: CommonOptions) => {
      const all = await cli.client(options).get<PlacesView>('vision/places');
      cli.show(options, all, (cameras) => {
        const rows = cameras.flatMap(({ camera, places }) => places.map((place) => ({ camera, ...place })));
        if (rows.length === 0) return 'No camera watches a place: see docs/vision.md.';
        return table(cli.terminal, rows, [
          { title: 'camera', value: ({ camera }) => camera },
          { title: 'place', value: ({ name }) => name },
          { title: 'kind', value: ({ kind }) => kind },
          { title: 'about', value: ({ about = '' }) => about },
          { title: 'shows', value: ({ shows = 'not known yet' }) => shows },
          {
            title: 'well',
            value: ({ isWell }) => (isWell === undefined ? '' : isWell ? 'yes' : 'no'),
            style: ({ isWell }) => (isWell === false ? 'red' : undefined),
          },
        ]);
      });
    });
  vision
    .command('teach')
    .argument('<camera>', 'name of the camera')
    .argument('<place>', 'name of the place')
    .argument('<state>', 'what it shows now: `closed`, `plugged`')
    .summary('teach how a place looks')
    .description(
      'Takes what the camera shows of the place now as an example of the state. Up to six pictures of each state are kept, so teach it by day and by night.',
    )
    .common()
    .example('vision teach yard gate closed', 'the gate is closed now')
    .action(async (camera: string, place: string, state: string, options: CommonOptions) => {
      const path = `vision/cameras/${encodeURIComponent(camera)}/places/${encodeURIComponent(place)}/looks`;
      const answer = await cli.client(options).post<{ pictures: number }>(path, { state });
      cli.show(
        options,
        answer,
        ({ pictures }) =>
          `${place} is ${state} when it looks so; ${pictures} ${pictures === 1 ? 'picture is' : 'pictures are'} known.`,
      );
    });
}

function inWords({ id, cause, confidence, state, openedAt, outcome, symptoms, steps }: EpisodeView): string {
  const now = Date.now();
  const head = `${id}  ${ago(openedAt, now)} ago, ${state === 'asked' ? 'an operator is asked' : state}  ${cause} (${Math.round(confidence * 100)} % sure)`;
  const seen = symptoms.map(({ witness, message }) => `  seen by ${witness}: ${message}`);
  const done = steps.flatMap(({ inWords: what, outcome: came, said, offers }) => [
    `  ${what}: ${came.replace('-', ' ')}${came === 'not-done' ? ` (${said})` : ''}`,
    ...offers.map(
      (offer, index) => `    ${index + 1}: ${offer.inWords} (parlmesh vision corrections choose ${id} ${index + 1})`,
    ),
  ]);
  return [head, ...seen, ...done, ...(outcome === undefined ? [] : [`  ${outcome}`])].join('\n');
}
