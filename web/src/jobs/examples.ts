// The examples of the submit box: the files of docs/examples/jobs, as they are.

import diamond from '../../../docs/examples/jobs/diamond.yaml?raw';
import fanOut from '../../../docs/examples/jobs/fan-out.yaml?raw';
import first from '../../../docs/examples/jobs/first.yaml?raw';

export const EXAMPLES = [
  { title: 'first job', text: first },
  { title: 'diamond', text: diamond },
  { title: 'fan out and gather', text: fanOut },
];
