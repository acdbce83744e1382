import { expect, it } from 'vitest';
import { VisionOcrExecutor } from '../../../agents/swarm/executors/vision-ocr.ts';
import { taskContext } from '../task-context.ts';

/** Reads the bytes of a picture as the text itself. */
const executor = new VisionOcrExecutor({
  read: async (picture, { zone }) => ({
    text: `${Buffer.from(picture).toString()}${zone === undefined ? '' : ` in ${zone.length} corners`}`,
    regions: [],
  }),
});
const base64 = Buffer.from('sign').toString('base64');

it('A vision.ocr task reads a blob, or bytes in its input, and a zone alone', async () => {
  const { context } = taskContext();
  const picture = await context.writeBlob(Buffer.from('from a blob'), 'image/jpeg');
  expect(await executor.run({ picture }, context)).toEqual({ text: 'from a blob', regions: [] });
  const zone = [
    [0, 0],
    [1, 0],
    [1, 1],
  ];
  expect(await executor.run({ picture: { base64 }, zone }, context)).toMatchObject({ text: 'sign in 3 corners' });
});

it('hands a long reading on as a blob, with the beginning of its text', async () => {
  const { context, blobs } = taskContext();
  const picture = await context.writeBlob(Buffer.from('x'.repeat(20_000)));
  const result = await executor.run({ picture }, context);
  expect(result).toMatchObject({ text: 'x'.repeat(4_000), reading: { mediaType: 'application/json' } });
  expect([...blobs.values()].at(-1)!.length).toBeGreaterThan(20_000);
});

it('refuses what can never work, and waits for results that are not there yet', async () => {
  const { context } = taskContext();
  expect(() => executor.check({ picture: { $result: 'fetch' } })).not.toThrow();
  for (const input of [{}, { picture: 'sign.jpg' }, { picture: { base64 }, zone: [[0, 2]] }]) {
    expect(() => executor.check(input)).toThrow('A `vision.ocr` task takes');
  }
  const huge = { $blob: '0'.repeat(64), bytes: 40_000_000 };
  await expect(executor.run({ picture: huge }, context)).rejects.toMatchObject({ code: 'TASK_INPUT_INVALID' });
});
