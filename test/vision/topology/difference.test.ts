import { describe, expect, it } from 'vitest';
import { differenceBetween, likeness } from '../../../vision/topology/difference.ts';

const live = {
  nodes: ['attic', 'barn', 'cellar', 'dock-1'].map((name) => ({ id: `12D3${name}`, name })),
  links: [
    { a: '12D3attic', b: '12D3barn' },
    { a: '12D3barn', b: '12D3cellar' },
  ],
};

describe('a drawing beside the mesh', () => {
  it('tells what only one of them has, in words', () => {
    const drawn = {
      nodes: ['attic', 'barn', 'dock-1', 'garage'].map((label, i) => ({ id: `n${i + 1}`, label })),
      edges: [
        { source: 'n2', target: 'n1' },
        { source: 'n2', target: 'n3' },
        { source: 'n3', target: 'n4' },
      ],
    };
    const { sentences, linksOnlyDrawn } = differenceBetween(drawn, live);
    expect(linksOnlyDrawn).toEqual([['barn', 'dock-1']]);
    expect(sentences).toEqual([
      'the drawing has garage, the mesh does not',
      'the mesh has cellar, the drawing does not',
      'the drawing has barn–dock-1, the mesh does not',
    ]);
  });

  it('finds nodes whose labels were misread, each once', () => {
    const drawn = {
      nodes: [
        { id: 'n1', label: 'att1c' },
        { id: 'n2', label: 'bam' },
        { id: 'n3', label: 'Dock-l' },
        { id: 'n4', label: 'attic' },
      ],
      edges: [{ source: 'n4', target: 'n2' }],
    };
    const { matched, onlyDrawn, linksOnlyDrawn, linksOnlyLive } = differenceBetween(drawn, live);
    expect(matched.map(({ drawn: id, name }) => [id, name])).toEqual([
      ['n4', 'attic'],
      ['n2', 'barn'],
      ['n3', 'dock-1'],
    ]);
    expect([onlyDrawn, linksOnlyDrawn, linksOnlyLive]).toEqual([['att1c'], [], []]);
  });

  it('prefers the very same name to one that is read alike', () => {
    expect(likeness('pi-1', 'pi-1')).toBe(1);
    expect(likeness('pi-l', 'pi-1')).toBe(0.99);
    expect(likeness('', 'pi-1')).toBe(0);
  });
});
