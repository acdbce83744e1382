import { describe, expect, it } from 'vitest';
import { VisionDetectExecutor } from '../../../agents/swarm/executors/vision-detect.ts';
import type { TaskContext } from '../../../agents/swarm/task-executor.ts';

const box = { x: 0.123456, y: 0.2, width: 0.3, height: 0.4 };
const executor = new VisionDetectExecutor({
  detect: async (picture, minConfidence) => ({
    model: 'm',
    detections: [
      { label: Buffer.from(picture).toString(), confidence: 0.91119, box },
      { label: 'dog', confidence: minConfidence, box },
    ],
  }),
});
const context: TaskContext = {
  ...{ job: 'j', task: 't', attempt: 1, key: 'k', signal: new AbortController().signal },
  ...{ progress: () => {}, log: () => {} },
  readBlob: async () => Buffer.from('cat'),
  writeBlob: () => Promise.reject(new Error('not played')),
};
const blob = { $blob: 'a'.repeat(64), bytes: 3 };

describe('a task that finds objects', () => {
  it('searches a blob, or a picture in its input', async () => {
    expect(await executor.run({ picture: blob }, context)).toEqual({
      model: 'm',
      objects: [
        { label: 'cat', confidence: 0.9112, box: { ...box, x: 0.1235 } },
        { label: 'dog', confidence: 0.4, box: { ...box, x: 0.1235 } },
      ],
    });
    const base64 = Buffer.from('person').toString('base64');
    const found = await executor.run({ picture: { base64 }, labels: ['person'], minConfidence: 0.6 }, context);
    expect(found).toMatchObject({ objects: [{ label: 'person' }] });
  });

  it.each([
    {},
    { picture: 'x' },
    { picture: blob, minConfidence: 2 },
    { picture: { base64: '' } },
    { picture: blob, other: 1 },
  ])('refuses %j', (input) => {
    expect(() => executor.check(input)).toThrow(expect.objectContaining({ code: 'TASK_INPUT_INVALID' }));
  });

  it('lets a result that is not there yet stand for the picture', () => {
    expect(() => executor.check({ picture: { $result: 'before' } })).not.toThrow();
  });
});
