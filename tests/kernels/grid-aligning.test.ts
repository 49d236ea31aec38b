import { agreeOverGrid, circumstances } from './grid.js';
import { ALIGNING } from './systems.js';

agreeOverGrid('that learn their feedback', ALIGNING, circumstances);
