import { agreeOverGrid, inGrid } from './grid.js';
import { PATHS } from './systems.js';

agreeOverGrid('told their error', PATHS, inGrid(64, 1));
