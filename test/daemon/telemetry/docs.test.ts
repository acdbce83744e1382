// What the documentation promises, held against what is really published.

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { federationState } from '../../../daemon/telemetry/federation-state.ts';
import { cameraState, nodeState, SECTIONS, sectionMessages, swarmState } from '../../../daemon/telemetry/state.ts';
import { Topics } from '../../../daemon/telemetry/topics.ts';
import type { CameraView } from '../../../daemon/view/schema.ts';
import { camera, NODE_ID, observation, TestNode } from './test-node.ts';

const reference = await readFile(new URL('../../../docs/mqtt.md', import.meta.url), 'utf8');
const rows = [...reference.matchAll(/^\| `([^`]+)` \| (yes|no) \|/gm)].map(([, topic, retained]) => [
  topic!,
  retained!,
]);

function example(name: string): Record<string, unknown> {
  const [, json] = new RegExp(`^\`${name}\`:\\n\\n\`\`\`json\\n([\\s\\S]*?)\`\`\``, 'm').exec(reference) ?? [];
  return JSON.parse(json!);
}

describe('docs/mqtt.md', () => {
  const topics = new Topics('parlmesh', 'net1', NODE_ID);
  const node = new TestNode();

  it('lists every topic, and whether it is retained', () => {
    const published = SECTIONS.flatMap((section) => sectionMessages(section, node, topics)).map(({ topic }) => topic);
    const retained = [...published, topics.availability, topics.cameraPicture('north')].map((topic) =>
      topic
        .slice(topics.root.length + 1)
        .replace(/^agents\/[^/]+/, 'agents/<agent>')
        .replace(/^cameras\/[^/]+/, 'cameras/<camera>')
        .replace(/^jobs\/[^/]+\/state/, 'jobs/<job>/state'),
    );
    expect(
      rows
        .filter(([, kept]) => kept === 'yes')
        .map(([topic]) => topic)
        .sort(),
    ).toEqual([...new Set(retained)].sort());
    expect(rows.filter(([, kept]) => kept === 'no').map(([topic]) => topic)).toEqual([
      'agents/<agent>/command',
      'incidents/answer',
      'jobs/submit',
      'jobs/<job>/answer',
      'observations',
      'events',
    ]);
  });

  it('shows payloads as they are', () => {
    expect(Object.keys(example('state')).sort()).toEqual(Object.keys(nodeState(node.nodeView, [])).sort());
    expect(example('federation')).toEqual({
      ...federationState(node.federationView),
      coordinator: { id: '12D3KooWBravo', name: 'bravo' },
    });
    expect(Object.keys(example('jobs/state')).sort()).toEqual(Object.keys(swarmState(node)).sort());
    expect(Object.keys(example('observations')).sort()).toEqual(Object.keys(observation('o')).sort());
    const full: CameraView = {
      ...{ ...camera('north'), width: 1, height: 1, lastFrameAt: 1, detector: 'd', inferenceSeconds: 1 },
      looks: { searched: 1, moving: 1, spared: 0 },
      view: { kind: 'clear', since: 1, confidence: 1, evidence: {}, message: 'The view is clear', learning: false },
      scene: { likelihood: 0, unusual: false, learning: false },
    };
    expect(Object.keys(example('cameras/north')).sort()).toEqual(Object.keys(cameraState(full)).sort());
  });
});
