// Causes: what several witnesses say at the same time is one fault; what one of them explains is not told again.

import { describe, expect, it } from 'vitest';
import { conclude } from '../../../vision/correction/conclude.ts';
import type { Symptom } from '../../../vision/correction/symptom.ts';

const symptom = (kind: Symptom['kind'], subject: string, more: Partial<Symptom> = {}): Symptom => ({
  ...{ id: `${kind} ${subject}`, kind, subject, witness: 'mesh', message: `${subject} has ${kind}` },
  ...{ since: 1_000, confidence: 0.8, evidence: {} },
  ...more,
});
const seen = (kind: Symptom['kind'], subject: string, more: Partial<Symptom> = {}): Symptom =>
  symptom(kind, subject, { witness: 'vision', place: { camera: 'rack', name: 'lamp' }, ...more });
const causes = (symptoms: Symptom[], well: string[] = []) =>
  conclude({ symptoms, seenWell: new Set(well) }).map(({ id, ladder, symptoms: ids }) => [
    id,
    ladder.map(({ action }) => action),
    ids.length,
  ]);

describe('the cause', () => {
  it('of a silent node is its power when its lamp went dark at the same time', () => {
    const [conclusion, ...others] = conclude({
      symptoms: [
        symptom('node-silent', 'node/pi-3'),
        seen('lamp-off', 'node/pi-3', { since: 9_000 }),
        symptom('link-bad', 'link/pi-3'),
      ],
      seenWell: new Set(),
    });
    expect(others).toEqual([]);
    expect(conclusion).toMatchObject({
      ...{ id: 'no-power node/pi-3', cause: 'pi-3 has no power', subject: 'node/pi-3' },
      symptoms: ['node-silent node/pi-3', 'lamp-off node/pi-3', 'link-bad link/pi-3'],
      ladder: [{ action: 'operator.ask' }],
    });
    // Three that may each be wrong with a chance of a fifth.
    expect(conclusion!.confidence).toBeCloseTo(1 - 0.2 ** 3);
  });

  it('of a silent node with a lit lamp is its network or its program', () => {
    expect(causes([symptom('node-silent', 'node/pi-3')], ['node/pi-3'])).toEqual([
      ['unreachable node/pi-3', ['link.reset', 'operator.ask'], 1],
    ]);
  });

  it('is left to the mesh where no camera has a word on it', () => {
    expect(
      causes([
        symptom('node-silent', 'node/pi-3'),
        symptom('link-bad', 'link/pi-4'),
        symptom('service-degraded', 'service/mqtt'),
      ]),
    ).toEqual([]);
  });

  it('of a lamp that went dark long before is its own', () => {
    expect(causes([symptom('node-silent', 'node/pi-3', { since: 99_000 }), seen('lamp-off', 'node/pi-3')])).toEqual([
      ['lamp-off node/pi-3', ['operator.ask'], 1],
    ]);
  });

  it('of all that a covered camera says it sees is the camera', () => {
    const covered = symptom('camera-disturbed', 'camera/rack', { witness: 'vision', evidence: { is: 'covered' } });
    const places = ['pi-1', 'pi-2', 'pi-3'].map((node) => seen('lamp-off', `node/${node}`));
    expect(causes([...places, covered, symptom('node-silent', 'node/pi-1')])).toEqual([
      ['camera-covered camera/rack', ['operator.ask'], 4],
    ]);
  });

  it('of a frozen picture is tried to be mended by a restart, a moved view by asking for one of two things', () => {
    const disturbed = (is: string) =>
      conclude({ symptoms: [symptom('camera-disturbed', 'camera/a', { evidence: { is } })], seenWell: new Set() })[0]!;
    expect(disturbed('frozen').ladder.map(({ action }) => action)).toEqual(['camera.restart', 'operator.ask']);
    expect(disturbed('moved').ladder).toMatchObject([{ offers: [{ action: 'camera.accept-view', camera: 'a' }] }]);
  });

  it('of an error on a display is the agent that it belongs to', () => {
    expect(causes([seen('display-fault', 'agent/pump'), symptom('agent-failed', 'agent/pump')])).toEqual([
      ['agent agent/pump', ['agent.restart', 'operator.ask'], 2],
    ]);
    expect(causes([seen('display-fault', 'agent/pump')])).toEqual([
      ['agent agent/pump', ['agent.restart', 'operator.ask'], 1],
    ]);
  });
});
