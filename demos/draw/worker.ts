import { expose } from '../frame/comlink.js';
import { adapterName, DeviceLostError, openGpu, type Gpu } from 'metaplastic';
import { makeLearners, type Learners } from './learners.js';
import { EPISODE, live, type Course, type Lesson } from './lesson.js';

/** How each learner fares along a lesson. */
export type Courses = Readonly<Record<keyof Learners, Course>>;

let gpu: Gpu | undefined, learners: Promise<Learners> | undefined;

const read = async (url: URL) => new Uint8Array(await (await fetch(url)).arrayBuffer());

/**
 * The learners on an open GPU: made when they are first asked for, and anew when the GPU was lost.
 */
function ready(): Promise<Learners> {
  learners ??= (async () => {
    gpu ??= await openGpu();
    return makeLearners(
      gpu,
      {
        plasticity: await read(new URL('./recorded/plasticity.safetensors', import.meta.url)),
        maml: await read(new URL('./recorded/maml.safetensors', import.meta.url)),
      },
      EPISODE,
    );
  })();
  learners.catch(() => {
    learners = undefined;
  });
  return learners;
}

const api = {
  /** Every learner lives the lesson, from its birth. */
  async live(lesson: Lesson): Promise<Courses> {
    try {
      const { plasticity, maml, plain } = await ready();
      return {
        plasticity: await live(plasticity, lesson),
        maml: await live(maml, lesson),
        plain: await live(plain, lesson),
      };
    } catch (error) {
      if (error instanceof DeviceLostError) [gpu, learners] = [undefined, undefined];
      throw error;
    }
  },
  /** What the GPU is called. */
  adapter(): string | undefined {
    return gpu && adapterName(gpu.adapter);
  },
};

export type DrawWorker = typeof api;
expose(api);
