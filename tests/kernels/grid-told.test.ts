import { agreeOverGrid, inGrid } from './grid.js';
import { TOLD } from './systems.js';

agreeOverGrid('told what to be', TOLD, inGrid(32, 2));
