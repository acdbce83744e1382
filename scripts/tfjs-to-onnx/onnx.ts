// Builds an ONNX model (opset 13). Weights are stored as they come, in half precision, and cast to float32 by the
// graph: the runtime folds the casts while it loads, so that the file is half the size and inference is unchanged.

import { bytesField, concat, floatField, integerField, stringField } from './protobuf.ts';

const FLOAT = 1;
const UINT8 = 2;
const INT64 = 7;
const FLOAT16 = 10;

export type AttributeValue = number | string | readonly number[] | { float: number };
export type Dimension = number | string;

export interface Port {
  name: string;
  type: 'float' | 'uint8';
  /** A number, or a name for a size chosen when the model is loaded. */
  shape: readonly Dimension[];
}

export class OnnxGraph {
  readonly #nodes: Uint8Array[] = [];
  readonly #initializers: Uint8Array[] = [];
  #named = 0;

  /** Adds a node and returns the name of its only output. */
  node(type: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}): string {
    const output = this.#name(type);
    this.#addNode(type, inputs, output, attributes);
    return output;
  }

  /** Gives a value the name under which it leaves the graph. */
  output(value: string, name: string): void {
    this.#addNode('Identity', [value], name, {});
  }

  /** A half precision weight, as float32 for whoever uses it. */
  weight(shape: readonly number[], halves: Uint16Array): string {
    const bytes = new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength);
    return this.node('Cast', [this.#tensor(FLOAT16, shape, bytes)], { to: FLOAT });
  }

  floats(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#tensor(FLOAT, shape, new Uint8Array(Float32Array.from(values).buffer));
  }

  integers(values: readonly number[]): string {
    return this.#tensor(INT64, [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
  }

  /** The finished file. The same graph gives the same bytes. */
  serialize(producer: string, inputs: readonly Port[], outputs: readonly Port[]): Uint8Array {
    const graph = concat([
      ...this.#nodes.map((node) => bytesField(1, node)),
      stringField(2, producer),
      ...this.#initializers.map((tensor) => bytesField(5, tensor)),
      ...inputs.map((port) => bytesField(11, encodePort(port))),
      ...outputs.map((port) => bytesField(12, encodePort(port))),
    ]);
    const opset = concat([stringField(1, ''), integerField(2, 13)]);
    return concat([integerField(1, 8), stringField(2, producer), bytesField(7, graph), bytesField(8, opset)]);
  }

  #addNode(type: string, inputs: readonly string[], output: string, attributes: Record<string, AttributeValue>): void {
    this.#nodes.push(
      concat([
        ...inputs.map((input) => stringField(1, input)),
        stringField(2, output),
        stringField(4, type),
        ...Object.entries(attributes).map(([name, value]) => bytesField(5, encodeAttribute(name, value))),
      ]),
    );
  }

  #tensor(type: number, shape: readonly number[], bytes: Uint8Array): string {
    const name = this.#name('constant');
    this.#initializers.push(
      concat([
        ...shape.map((size) => integerField(1, size)),
        integerField(2, type),
        stringField(8, name),
        bytesField(9, bytes),
      ]),
    );
    return name;
  }

  #name(kind: string): string {
    return `${kind}_${this.#named++}`;
  }
}

function encodeAttribute(name: string, value: AttributeValue): Uint8Array {
  if (typeof value === 'number') return concat([stringField(1, name), integerField(3, value), integerField(20, 2)]);
  if (typeof value === 'string') return concat([stringField(1, name), stringField(4, value), integerField(20, 3)]);
  if ('float' in value) return concat([stringField(1, name), floatField(2, value.float), integerField(20, 1)]);
  return concat([stringField(1, name), ...value.map((item) => integerField(8, item)), integerField(20, 7)]);
}

function encodePort(port: Port): Uint8Array {
  const dimensions = port.shape.map((size) =>
    bytesField(1, typeof size === 'number' ? integerField(1, size) : stringField(2, size)),
  );
  const tensorType = concat([
    integerField(1, port.type === 'float' ? FLOAT : UINT8),
    bytesField(2, concat(dimensions)),
  ]);
  return concat([stringField(1, port.name), bytesField(2, bytesField(1, tensorType))]);
}
