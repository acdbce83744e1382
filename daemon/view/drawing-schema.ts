// What was read in the picture of a network diagram, as the API answers it.

import { type Static, Type } from 'typebox';

const Confidence = Type.Number({ minimum: 0, maximum: 1 });
const Ends = { source: Type.String({ description: 'Id of a node.' }), target: Type.String() };
const Names = (description: string) => Type.Array(Type.String(), { description });
const Links = (description: string) =>
  Type.Array(Type.Array(Type.String(), { minItems: 2, maxItems: 2 }), { description });

export const DrawnGraphView = Type.Object({
  width: Type.Integer({ description: 'Pixels of the picture, which all places refer to.' }),
  height: Type.Integer(),
  nodes: Type.Array(
    Type.Object({
      id: Type.String(),
      label: Type.String({ description: 'As read; empty where nothing could be read.' }),
      x: Type.Number({ description: 'The middle of its shape.' }),
      y: Type.Number(),
      shape: Type.String({ description: '`rectangle`, `ellipse`, `diamond`, `polygon`, `other` or `text`.' }),
      box: Type.Object({ x: Type.Number(), y: Type.Number(), width: Type.Number(), height: Type.Number() }),
      confidence: Confidence,
    }),
  ),
  edges: Type.Array(
    Type.Object({
      ...Ends,
      arrows: Type.String({ description: '`none`, `forward` (at the target) or `both`.' }),
      line: Type.String({ description: '`solid` or `dashed`.' }),
      confidence: Confidence,
    }),
  ),
});

export const DrawingView = Type.Object({
  graph: DrawnGraphView,
  metrics: Type.Object({
    nodes: Type.Array(
      Type.Object({
        id: Type.String(),
        degree: Type.Integer(),
        betweenness: Type.Number({ description: 'Share of the pairs of others whose shortest ways run through it.' }),
      }),
    ),
    bridges: Type.Array(Type.Object(Ends), { description: 'Links without which the network falls apart.' }),
    articulationPoints: Names('Ids of nodes without which others lose each other.'),
    isolated: Names('Ids of nodes without a link.'),
    components: Type.Integer({ description: 'Parts that are not connected with each other.' }),
  }),
  difference: Type.Object(
    {
      matched: Type.Array(Type.Object({ drawn: Type.String(), name: Type.String(), alike: Confidence })),
      onlyDrawn: Names('Labels that no node of the mesh has.'),
      onlyLive: Names('Names of nodes that are not drawn.'),
      linksOnlyDrawn: Links('Links that the drawing has and the mesh does not, by the mesh’s names.'),
      linksOnlyLive: Links('Links that the mesh has and the drawing does not.'),
      sentences: Names('Each difference in words.'),
    },
    { description: 'Between the drawing and the mesh as it is now; names may be misread by a few letters.' },
  ),
});
export type DrawingView = Static<typeof DrawingView>;
