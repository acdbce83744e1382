// Translates the operators of MobileNetV3-CenterNet from TensorFlow.js to ONNX. TensorFlow keeps pictures as
// N,H,W,C; here every picture-like value is N,C,H,W from the first node on, so no transposes remain in the graph.

import type { OnnxGraph } from './onnx.ts';
import {
  type GraphNode,
  integersAttribute,
  type TfjsGraph,
  textAttribute,
  textListAttribute,
  type Weight,
} from './tfjs-graph.ts';

/** Where each N,H,W,C axis is found in N,C,H,W. */
const AXIS = [0, 2, 3, 1] as const;

export class Translator {
  readonly #source: TfjsGraph;
  readonly #target: OnnxGraph;
  readonly #values = new Map<string, string>();

  /** @param inputs TensorFlow node → name of the ONNX value that stands for it (float, N,C,H,W) */
  constructor(source: TfjsGraph, target: OnnxGraph, inputs: ReadonlyMap<string, string>) {
    this.#source = source;
    this.#target = target;
    for (const [node, value] of inputs) this.#values.set(node, value);
  }

  /** The ONNX value of a TensorFlow node, with everything before it. */
  value(name: string): string {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const weight = this.#source.weights.get(name);
    const value = weight === undefined ? this.#translate(this.#node(name)) : this.#operand(name, weight);
    this.#values.set(name, value);
    return value;
  }

  #translate(node: GraphNode): string {
    const inputs = node.input ?? [];
    const [first = '', second = ''] = inputs;
    switch (node.op) {
      case 'Identity':
        return this.value(first);
      case 'Add':
        return this.#target.node('Add', [this.value(first), this.value(second)]);
      case 'Mul':
        return this.#hardSwish(first, second) ?? this.#target.node('Mul', [this.value(first), this.value(second)]);
      case 'Relu':
      case 'Sigmoid':
        return this.#target.node(node.op, [this.value(first)]);
      case 'Relu6':
        return this.#activate(this.value(first), 'Relu6');
      case 'Conv2D':
      case '_FusedConv2D':
      case 'DepthwiseConv2dNative':
      case 'FusedDepthwiseConv2dNative':
        return this.#convolution(node, first, second, inputs[2]);
      case 'Mean':
        return this.#target.node('ReduceMean', [this.value(first)], {
          axes: this.#integers(second).map((axis) => AXIS[axis]!),
          keepdims: 1,
        });
      case 'ConcatV2': {
        const axis = this.#integers(inputs.at(-1)!)[0]!;
        const parts = inputs.slice(0, -1).map((input) => this.value(input));
        return this.#target.node('Concat', parts, { axis: AXIS.at(axis)! });
      }
      case 'ResizeBilinear':
        // Every resize of this network doubles; as a factor it fits any input size.
        return this.#target.node('Resize', [this.value(first), '', this.#target.floats([1, 1, 2, 2])], {
          mode: 'linear',
          coordinate_transformation_mode: node.attr?.half_pixel_centers?.b === true ? 'half_pixel' : 'asymmetric',
        });
      default:
        throw new Error(`no translation of operator ${node.op} (${node.name})`);
    }
  }

  #convolution(node: GraphNode, input: string, filterName: string, biasName: string | undefined): string {
    const depthwise = node.op.includes('Depthwise');
    const filter = this.#half(filterName);
    const [height, width, channels, perChannel] = filter.shape as [number, number, number, number];
    const shape = depthwise ? [channels * perChannel, 1, height, width] : [perChannel, channels, height, width];
    const operations = textListAttribute(node, 'fused_ops');
    const operands = [
      this.value(input),
      this.#target.weight(shape, filtersFirst(filter.data, [height * width, channels, perChannel], depthwise)),
    ];
    if (operations.includes('BiasAdd') && biasName !== undefined) {
      const bias = this.#half(biasName);
      operands.push(this.#target.weight(bias.shape, bias.data));
    }
    const result = this.#target.node('Conv', operands, {
      kernel_shape: [height, width],
      strides: integersAttribute(node, 'strides').slice(1, 3),
      dilations: integersAttribute(node, 'dilations').slice(1, 3),
      group: depthwise ? channels : 1,
      auto_pad: textAttribute(node, 'padding') === 'SAME' ? 'SAME_UPPER' : 'VALID',
    });
    return operations
      .filter((operation) => operation !== 'BiasAdd')
      .reduce((value, operation) => this.#activate(value, operation), result);
  }

  /**
   * `x/6 * relu6(x + 3)` as `x * hardSigmoid(x)`: two passes over a large value instead of four, a tenth of the whole
   * inference. Undefined for any other product.
   */
  #hardSwish(first: string, second: string): string | undefined {
    const [scaled, clipped] = [this.#source.nodes.get(first), this.#source.nodes.get(second)];
    const shifted = this.#source.nodes.get(clipped?.input?.[0] ?? '');
    if (scaled?.op !== 'Mul' || clipped?.op !== 'Relu6' || shifted?.op !== 'Add') return undefined;
    const [x] = scaled.input?.filter((input) => !this.#source.weights.has(input)) ?? [];
    if (x === undefined || !shifted.input?.includes(x)) return undefined;
    const value = this.value(x);
    const gate = this.#target.node('HardSigmoid', [value], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
    return this.#target.node('Mul', [value, gate]);
  }

  #activate(value: string, operation: string): string {
    if (operation === 'Relu') return this.#target.node('Relu', [value]);
    if (operation === 'Relu6') {
      return this.#target.node('Clip', [value, this.#target.floats([0], []), this.#target.floats([6], [])]);
    }
    throw new Error(`no translation of activation ${operation}`);
  }

  /** A constant operand of Add or Mul: a scalar, or one value for each channel. */
  #operand(name: string, weight: Weight): string {
    if (weight.kind !== 'half' || weight.shape.length > 1) throw new Error(`unexpected constant ${name}`);
    return this.#target.weight(weight.shape.length === 0 ? [] : [weight.data.length, 1, 1], weight.data);
  }

  #node(name: string): GraphNode {
    const node = this.#source.nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  #half(name: string): Weight & { kind: 'half' } {
    const weight = this.#source.weights.get(name);
    if (weight?.kind !== 'half') throw new Error(`${name} is not a constant of numbers`);
    return weight;
  }

  #integers(name: string): number[] {
    const weight = this.#source.weights.get(name);
    if (weight?.kind !== 'integer') throw new Error(`${name} is not a constant of integers`);
    return [...weight.data];
  }
}

/** TensorFlow's [place, channel, filter] to ONNX's [filter, channel, place]; depthwise, [channel × filter, place]. */
function filtersFirst(
  data: Uint16Array,
  [places, channels, filters]: readonly [number, number, number],
  depthwise: boolean,
): Uint16Array {
  const result = new Uint16Array(data.length);
  for (let place = 0; place < places; place++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let filter = 0; filter < filters; filter++) {
        const row = depthwise ? channel * filters + filter : filter * channels + channel;
        result[row * places + place] = data[(place * channels + channel) * filters + filter]!;
      }
    }
  }
  return result;
}
