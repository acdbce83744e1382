// Reads a TensorFlow.js graph model: `NAME.json` with the nodes, `NAME.bin` with the weights beside it.

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

const Attribute = Type.Object({
  s: Type.Optional(Type.String()),
  b: Type.Optional(Type.Boolean()),
  f: Type.Optional(Type.Number()),
  list: Type.Optional(
    Type.Object({ i: Type.Optional(Type.Array(Type.String())), s: Type.Optional(Type.Array(Type.String())) }),
  ),
});
const GraphNode = Type.Object({
  name: Type.String(),
  op: Type.String(),
  input: Type.Optional(Type.Array(Type.String())),
  attr: Type.Optional(Type.Record(Type.String(), Attribute)),
});
const GraphModel = Type.Object({
  modelTopology: Type.Object({ node: Type.Array(GraphNode) }),
  weightsManifest: Type.Array(
    Type.Object({
      paths: Type.Array(Type.String()),
      weights: Type.Array(
        Type.Object({
          name: Type.String(),
          shape: Type.Array(Type.Integer()),
          dtype: Type.Union([Type.Literal('float32'), Type.Literal('int32')]),
          quantization: Type.Optional(Type.Object({ dtype: Type.Literal('float16') })),
        }),
      ),
    }),
  ),
});

export type GraphNode = Static<typeof GraphNode>;

/** A constant: half precision bits, or 32-bit integers (axes, sizes). */
export type Weight =
  | { kind: 'half'; shape: number[]; data: Uint16Array }
  | { kind: 'integer'; shape: number[]; data: Int32Array };

export interface TfjsGraph {
  nodes: ReadonlyMap<string, GraphNode>;
  weights: ReadonlyMap<string, Weight>;
}

export async function readTfjsGraph(path: string): Promise<TfjsGraph> {
  const model = Value.Parse(GraphModel, JSON.parse(await readFile(path, 'utf8')));
  const weights = new Map<string, Weight>();
  for (const group of model.weightsManifest) {
    const files = await Promise.all(group.paths.map((name) => readFile(join(dirname(path), name))));
    const bytes = Uint8Array.from(Buffer.concat(files));
    let offset = 0;
    for (const { name, shape, dtype, quantization } of group.weights) {
      const count = shape.reduce((product, size) => product * size, 1);
      const width = dtype === 'float32' ? 2 : 4;
      if (dtype === 'float32' && quantization === undefined) throw new Error(`${path}: weight ${name} is not float16`);
      const raw = bytes.slice(offset, offset + count * width).buffer;
      if (raw.byteLength !== count * width) throw new Error(`${path}: weights end inside ${name}`);
      weights.set(
        name,
        dtype === 'float32'
          ? { kind: 'half', shape, data: new Uint16Array(raw) }
          : { kind: 'integer', shape, data: new Int32Array(raw) },
      );
      offset += count * width;
    }
  }
  return { nodes: new Map(model.modelTopology.node.map((node) => [node.name, node])), weights };
}

/** The text of a base64 string attribute, such as padding. */
export function textAttribute(node: GraphNode, name: string): string {
  return Buffer.from(node.attr?.[name]?.s ?? '', 'base64').toString();
}

export function textListAttribute(node: GraphNode, name: string): string[] {
  return (node.attr?.[name]?.list?.s ?? []).map((item) => Buffer.from(item, 'base64').toString());
}

export function integersAttribute(node: GraphNode, name: string): number[] {
  return (node.attr?.[name]?.list?.i ?? []).map(Number);
}
