import { describe, expect, it } from 'vitest';
import type { EventView } from '../../daemon/view/schema.ts';
import { matches } from '../../web/src/views/event-filter.ts';
import { flatten } from '../../web/src/views/settings/flatten.ts';

describe('the filter of events', () => {
  const event: EventView = {
    id: 1,
    at: 0,
    severity: 'warning',
    kind: 'camera.lost',
    subject: 'camera/yard',
    message: 'Camera yard is lost: no route to host',
  };
  const all = { least: 'info', kind: '', text: '' } as const;

  it('lets through what is at least as severe', () => {
    expect(matches(event, { ...all, least: 'warning' })).toBe(true);
    expect(matches(event, { ...all, least: 'error' })).toBe(false);
  });

  it('takes the first word of the kind as a whole word', () => {
    expect(matches(event, { ...all, kind: 'camera' })).toBe(true);
    expect(matches(event, { ...all, kind: 'cam' })).toBe(false);
  });

  it('finds text in message, kind and subject, in any case', () => {
    for (const text of ['ROUTE to', 'lost', 'camera/yard', ' ']) expect(matches(event, { ...all, text })).toBe(true);
    expect(matches(event, { ...all, text: 'bravo' })).toBe(false);
  });
});

describe('the configuration as lines', () => {
  it('names each setting by its path, section by section', () => {
    const config = {
      name: 'alpha',
      http: { port: 7420, tls: { key: '•••' } },
      cameras: [{ name: 'door', labels: ['person', 'cat'], zones: [] }],
      bootstrap: [],
    };
    expect([...flatten(config)]).toEqual([
      [
        '',
        [
          { path: 'name', value: 'alpha' },
          { path: 'bootstrap', value: 'none' },
        ],
      ],
      [
        'http',
        [
          { path: 'port', value: '7420' },
          { path: 'tls.key', value: '•••' },
        ],
      ],
      [
        'cameras',
        [
          { path: '[0].name', value: 'door' },
          { path: '[0].labels', value: 'person, cat' },
          { path: '[0].zones', value: 'none' },
        ],
      ],
    ]);
  });

  it('shows nothing of what is no configuration', () => {
    expect(flatten(undefined).size).toBe(0);
  });
});
