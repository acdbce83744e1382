// What a drawing of a network shows, and what the reading of one needs from others.

import type { Raster } from '../ocr/raster.ts';
import type { Quad } from '../ocr/reading.ts';

export type NodeShape = 'rectangle' | 'ellipse' | 'diamond' | 'polygon' | 'other' | 'text';

/** Pixels of the picture. */
export interface DrawnBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface DrawnNode {
  id: string;
  /** As read; empty where nothing could be read. */
  label: string;
  /** Its middle, in pixels of the picture. */
  x: number;
  y: number;
  shape: NodeShape;
  box: DrawnBox;
  /** 0 to 1: of the label where there is one, else of the shape. */
  confidence: number;
}

export interface DrawnEdge {
  /** Id of a node: where the line starts, by its arrowhead; without one the end that comes first in reading order. */
  source: string;
  target: string;
  /** Which ends have arrowheads: `forward` at the target only. */
  arrows: 'none' | 'forward' | 'both';
  line: 'solid' | 'dashed';
  /** 0 to 1: how straight its line runs through crossings and over gaps. */
  confidence: number;
}

export interface DrawnGraph {
  /** Pixels of the picture that all places refer to. */
  width: number;
  height: number;
  nodes: DrawnNode[];
  edges: DrawnEdge[];
}

/** A line of text in a picture. */
export interface ReadText {
  /** Corners: upper left first, clockwise. */
  box: Quad;
  text: string;
  confidence: number;
}

/** Reads text; `unreadable` is where there is writing all the same. */
export interface LabelReader {
  read(picture: Raster): Promise<{ regions: readonly ReadText[]; unreadable: readonly { box: Quad }[] }>;
}
