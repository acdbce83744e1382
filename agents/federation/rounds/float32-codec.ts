// Updates as they are, four bytes a number: nothing is lost, four times as much travels as with int8.

import { ParlmeshError } from '../../../core/errors.ts';
import { bytesOf, parametersOf } from '../messages.ts';
import type { UpdateCodec } from './ports.ts';

export const float32Codec: UpdateCodec = {
  name: 'float32',
  pack: (_shape, delta) => bytesOf(delta),
  unpack(data, { size }) {
    const numbers = parametersOf(data);
    if (numbers === undefined || numbers.length !== size) {
      throw new ParlmeshError('UPDATE_SHAPE', `${data.length} bytes are not ${size} numbers of four bytes`);
    }
    const wrong = numbers.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) throw new ParlmeshError('UPDATE_NOT_FINITE', `number ${wrong} is ${numbers[wrong]}`);
    return numbers;
  },
};
