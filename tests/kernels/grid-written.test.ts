import { circumstances, agreeOverGrid } from './grid.js';
import { WRITTEN } from './systems.js';

const { lanes, adjoint, frozen, sizes, tasks, steps, batch, images, asked } = circumstances;

agreeOverGrid('whose rule is written', WRITTEN, {
  lanes: lanes.filter(of => of.lanes !== 2),
  adjoint: adjoint.filter(of => !('interval' in of) || of.interval === 2),
  frozen: frozen.slice(0, 4),
  sizes,
  tasks: tasks.slice(0, 2),
  steps,
  batch,
  images,
  asked,
});
